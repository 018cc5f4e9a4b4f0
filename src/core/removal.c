#include "core/removal.h"

#include "core/address.h"
#include "core/administrators.h"
#include "core/doubt.h"
#include "core/obstacle.h"
#include "core/plan.h"
#include "core/principal.h"
#include "core/provision.h"
#include "core/rearrange.h"
#include "core/role.h"
#include "core/sponsor.h"
#include "core/tally.h"
#include "core/target.h"
#include "core/trash.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum { TOLD_MAX = 3, DAY = 86400 };

/* One try.  After the first, what has come in its place stays. */
static bool remove_once(const struct gateway *g, const struct task *t,
			enum kind k, const char *key, const char **id,
			const struct text_list *if_match, struct err *e)
{
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision seen;

	if (!g->store->ops->get(g->store, t, k, key, there, &seen, e))
		return false;
	if (*id != NULL && !text_equal(*id, kind_id(k, there)))
		return err_set(e, ERR_NOT_FOUND, "there is another %s now",
			       key);
	*id = kind_id(k, there);
	rehearsal_show(t, there, NULL, kind_rules(k)->size);
	if (!provision_matches(if_match, &seen, e) ||
	    (k == KIND_DOMAIN &&
	     (!target_rests(g, t, there, e) || !target_unused(g, t, key, e))))
		return false;
	const char *mark = tally_seen(g, t, k, key);
	/* One that is empty has nothing in it to come back. */
	if (!trash_remove(g, t, k, there, &seen,
			  k == KIND_DOMAIN ? NULL : trash_until(g, t), e))
		return false;
	tally_removed(g, t, k, there, mark);
	return true;
}

/* After the last try: whether one of them was done after all. */
static bool was_removed(const struct gateway *g, const struct task *t,
			enum kind k, const char *key, const char *id,
			const struct doubt *d, struct err *e)
{
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision rev;
	struct err none = {0};

	if (!d->any)
		return false;
	bool seen = g->store->ops->get(g->store, t, k, key, there, &rev, &none);
	bool same = seen && text_equal(kind_id(k, there), id);
	if (same)
		doubt_disproved(d, e);
	if (same || (!seen && none.kind != ERR_NOT_FOUND))
		return false;
	err_clear(e);
	return true;
}

/* Without a plan: nothing but the record itself is concerned. */
static bool remove_alone(const struct gateway *g, const struct task *t,
			 enum kind k, const char *key,
			 const struct text_list *if_match, struct err *e)
{
	struct doubt d = doubt_begin();
	const char *id = NULL;

	for (int try = 1;; try++) {
		struct err why = {0};

		if (remove_once(g, t, k, key, &id, if_match, &why) ||
		    (d.any && why.kind == ERR_NOT_FOUND)) {
			err_clear(e); /* of an earlier try */
			return true;
		}
		if (k == KIND_DOMAIN && text_equal(why.code, "not_empty"))
			obstacle_counts(g, t, key, &why);
		*e = why;
		if (!provision_overtaken(&why) && !doubt_again(&d, g, t, e))
			return was_removed(g, t, k, key, id, &d, e) ||
			       provision_denied(e, "delete", key);
		if (try == PROVISION_TRIES)
			return provision_given_up(e, "delete", key);
	}
}

/* Mail for others goes there: say whose. */
static bool refuse(const struct task *t, const char *key,
		   const struct naming *n, struct err *e)
{
	const char *names = n->destinations.items[0];

	for (size_t i = 1; i < n->destinations.count && i < TOLD_MAX; i++)
		names = arena_printf(t->arena, "%s, %s", names,
				     n->destinations.items[i]);
	if (n->more || n->destinations.count > TOLD_MAX)
		names = arena_printf(t->arena, "%s and others", names);
	return err_code(e, ERR_CONFLICT, "is_destination",
			"mail leads to %s from %s", key, names);
}

const char *removal_hold_until(const struct gateway *g, const struct task *t)
{
	char text[INSTANT_SIZE];

	instant_text(text, clock_seconds() + g->hold_days * DAY);
	return arena_strdup(t->arena, text);
}

/* A catch-all was nobody's address, and a principal has none. */
static bool is_held_after(const struct gateway *g, enum kind k, const char *key)
{
	return kind_is_address(k) && g->hold_days > 0 && key[0] != '@';
}

/* Who names it, or keeps it from others, is seen to in the same plan. */
static bool remove_by_plan(const struct gateway *g, const struct task *t,
			   enum kind k, const char *key,
			   const struct removal *how, bool named, struct err *e)
{
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	const char *noun = kind_rules(k)->noun;
	struct step steps[4];
	size_t n = 0;
	struct revision seen;

	if (!g->store->ops->get(g->store, t, k, key, there, &seen, e) ||
	    !provision_matches(how->if_match, &seen, e))
		return false;
	/* Who may not is told so before anything is written down. */
	if (!g->store->ops->may_remove(g->store, t, k, key, e))
		return provision_denied(e, "delete", key);
	const char *id = kind_id(k, there);
	rehearsal_show(t, there, NULL, kind_rules(k)->size);
	steps[n++] = (struct step){STEP_ALLOW, noun, key, NULL, id};
	if (named)
		steps[n++] =
			(struct step){how->links == LINKS_REMOVE ? STEP_UNLINK
								 : STEP_STRIP,
				      noun, key, NULL, id};
	if (is_held_after(g, k, key))
		steps[n++] = (struct step){STEP_HOLD, noun, key,
					   removal_hold_until(g, t), id};
	steps[n++] =
		(struct step){STEP_REMOVE, noun, key,
			      k == KIND_PRINCIPAL ? NULL : trash_until(g, t),
			      id};
	struct plan plan = {.names = {&key, 1}, .steps = steps, .count = n};
	return plan_run(g, t, &plan, e) || provision_denied(e, "delete", key);
}

/* One of his roles may be that of a super administrator. */
static bool remove_guarded(const struct gateway *g, const struct task *t,
			   enum kind k, const char *key,
			   const struct removal *how, struct err *e)
{
	struct exclusive guard = {0};
	bool done = administrators_gone(g, t, k, key, &guard, e) &&
		    remove_by_plan(g, exclusive_task(&guard, t), k, key, how,
				   true, e);

	exclusive_end(g, &guard, e);
	return done;
}

/* His rights would end in the middle. */
static bool refuse_own(const struct gateway *g, const struct task *t,
		       enum kind k, const char *key, struct err *e)
{
	return g->store->ops->may_remove(g->store, t, k, key, e)
		       ? err_code(e, ERR_CONFLICT, "own_address",
				  "another administrator has to delete you")
		       : provision_denied(e, "delete", key);
}

/* What leads to somebody is nothing to a principal. */
static bool remove_named(const struct gateway *g, const struct task *t,
			 enum kind k, const char *key,
			 const struct removal *how, struct text_list *dangling,
			 struct err *e)
{
	struct naming n = {0};

	if (kind_is_address(k) &&
	    !g->store->ops->naming(g->store, t, key, REMOVAL_TOLD_MAX, &n, e))
		return false;
	if (n.destinations.count > 0 && how->links == LINKS_REFUSE)
		return refuse(t, key, &n, e);
	bool roles = false;
	if (k != KIND_ALIAS && !role_movable(g, t, k, key, NULL, &roles, e))
		return provision_denied(e, "delete", key);
	n.rights = n.rights || roles;
	bool named = n.destinations.count > 0 || n.rights;
	if (how->links == LINKS_KEEP) {
		*dangling = n.destinations;
		named = n.rights;
	}
	if (!named && !is_held_after(g, k, key))
		return remove_alone(g, t, k, key, how->if_match, e);
	return roles ? remove_guarded(g, t, k, key, how, e)
		     : remove_by_plan(g, t, k, key, how, named, e);
}

/* Nobody may come to depend on him meanwhile. */
static bool remove_principal(const struct gateway *g, const struct task *t,
			     const char *key, const struct removal *how,
			     struct text_list *dangling, struct err *e)
{
	struct exclusive budget = {0};
	struct principal there;
	struct revision seen;
	bool done = false;

	/* Who may not is told so before anything is claimed. */
	if (!g->store->ops->get(g->store, t, KIND_PRINCIPAL, key, &there, &seen,
				e))
		return false;
	if (!g->store->ops->may_remove(g->store, t, KIND_PRINCIPAL, key, e))
		return provision_denied(e, "delete", key);
	if (sponsor_gone(g, t, key, &budget, e))
		done = remove_named(g, &budget.task, KIND_PRINCIPAL, key, how,
				    dangling, e);
	exclusive_end(g, &budget, e);
	return done;
}

bool removal(const struct gateway *g, const struct task *t, enum kind k,
	     const char *key, const struct removal *how,
	     struct text_list *dangling, struct err *e)
{
	*dangling = (struct text_list){0};
	if (!provision_key(t->arena, k, &key, e))
		return false;
	if (k == KIND_DOMAIN && how->recursive)
		return rearrange_remove_domain(g, t, key, how->if_match, e);
	if (k == KIND_DOMAIN)
		return remove_alone(g, t, k, key, how->if_match, e);
	if (text_equal(t->caller->login, key))
		return refuse_own(g, t, k, key, e);
	return k == KIND_PRINCIPAL
		       ? remove_principal(g, t, key, how, dangling, e)
		       : remove_named(g, t, k, key, how, dangling, e);
}
