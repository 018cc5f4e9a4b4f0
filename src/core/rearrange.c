#include "core/rearrange.h"

#include <string.h>

#include "core/address.h"
#include "core/administrators.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/plan.h"
#include "core/removal.h"
#include "core/role.h"
#include "core/tally.h"
#include "core/target.h"
#include "core/trash.h"
#include "core/user.h"
#include "core/web.h"
#include "util/text.h"

bool rearrange_renames(enum kind k, const char *key, const struct patch *p)
{
	const char *to = kind_key(k, p->record);

	return kind_is_address(k) && patch_touches(p, kind_rules(k)->key) &&
	       to != NULL && strcasecmp(to, key) != 0;
}

/* What a new address has to be, judged before anything is asked. */
static bool new_key_check(enum kind k, const char *key, const char *to,
			  const struct patch *p, struct arena *a, struct err *e)
{
	const struct field f = kind_rules(k)->key;

	key_check(to, k == KIND_USER ? ADDRESS_OWN : ADDRESS_ALIAS, f, a, e);
	if (e->faults != NULL)
		return false;
	if (!text_equal(address_domain(to), address_domain(key)))
		fault_field(e, a, FAULT_RANGE, f,
			    "an address can be renamed within its domain only");
	else if ((to[0] == '@') != (key[0] == '@'))
		fault_field(e, a, FAULT_RANGE, f,
			    "a catch-all stays one, and nothing becomes one");
	if (p->count > 1)
		fault_field(e, a, FAULT_RANGE, f,
			    "an address is renamed by itself: send nothing "
			    "else with it");
	return e->faults == NULL;
}

bool rearrange_is_free(const struct gateway *g, const struct task *t,
		       const char *to, struct err *e)
{
	static const enum kind kinds[] = {KIND_USER, KIND_ALIAS};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct kind_rules *r = kind_rules(kinds[i]);
		void *there = arena_alloc(t->arena, r->size);
		struct revision rev;
		struct err none = {0};

		if (g->store->ops->get(g->store, t, kinds[i], to, there, &rev,
				       &none)) {
			err_set(e, ERR_EXISTS, "%s exists already (%s)", to,
				r->noun);
			e->conflicts_with =
				arena_printf(t->arena, "%s%s", r->path, to);
			return false;
		}
		if (none.kind != ERR_NOT_FOUND) {
			*e = none;
			return false;
		}
	}
	return true;
}

/* Something may lead to the new address already. */
static bool closes_nothing(const struct gateway *g, const struct task *t,
			   enum kind k, const void *old, const char *to,
			   struct err *e)
{
	const struct kind_rules *r = kind_rules(k);
	void *then = arena_copy(t->arena, old, r->size);

	*(const char **)field_at(r->key, then) = to;
	r->complete(then, t->arena);
	return web_check(g, t, k, then, e);
}

/* It was done; only what it led to cannot be shown. */
static bool unseen(struct err *e, const char *to)
{
	struct err why = *e;

	return err_code(e, ERR_UNKNOWN, "outcome_unknown", "%s: %s", to,
			why.text);
}

/* In the middle he may be no super administrator, though he was one. */
static bool run_rename(const struct gateway *g, const struct task *t,
		       struct plan *p, bool has_roles, struct err *e)
{
	struct exclusive guard = {0};
	bool done = (!has_roles ||
		     administrators_gone(g, t, KIND_USER, p->names.items[0],
					 &guard, e)) &&
		    plan_run(g, exclusive_task(&guard, t), p, e);

	exclusive_end(g, &guard, e);
	return done;
}

/* As it would be found then. */
static bool as_renamed(const struct gateway *g, const struct task *t,
		       enum kind k, const void *old, const char *to, void *ret,
		       struct revision *rev)
{
	const struct kind_rules *r = kind_rules(k);

	*(const char **)field_at(r->key, ret) = to;
	r->complete(ret, t->arena);
	rev->etag = g->store->ops->etag(g->store, t, k, ret);
	rehearsal_show(t, old, ret, r->size);
	return true;
}

bool rearrange_rename(const struct gateway *g, const struct task *t,
		      enum kind k, const char *key, const struct patch *p,
		      const struct text_list *if_match, void *ret,
		      struct revision *rev, struct err *e)
{
	const char *to = text_lower(t->arena, kind_key(k, p->record));
	const char *noun = kind_rules(k)->noun;
	void *old = arena_alloc(t->arena, kind_rules(k)->size);

	if (!new_key_check(k, key, to, p, t->arena, e) ||
	    !g->store->ops->get(g->store, t, k, key, old, rev, e) ||
	    !provision_matches(if_match, rev, e) || !patch_is_fresh(p, rev, e))
		return false;
	/* Who may not write is told so before anything is written down. */
	const struct revision seen = *rev;
	memcpy(ret, old, kind_rules(k)->size);
	if (!g->store->ops->change(g->store, t, k, old, ret, &seen, rev, e))
		return provision_denied(e, "rename", key);
	/* His rights would end in the middle. */
	if (text_equal(t->caller->login, key))
		return err_code(e, ERR_CONFLICT, "own_address",
				"another administrator has to rename you");
	bool any = false;
	if (!rearrange_is_free(g, t, to, e) ||
	    !provision_not_held(g, t, to, e) ||
	    (k == KIND_USER && (!role_none(g, t, k, to, e) ||
				!role_movable(g, t, k, key, to, &any, e))) ||
	    !closes_nothing(g, t, k, old, to, e))
		return provision_denied(e, "rename", key);
	const char *id = kind_id(k, old);
	const char *until = removal_hold_until(g, t);
	const struct step steps[] = {{STEP_RENAME, noun, key, to, id},
				     {STEP_FORWARD, noun, key, to, id},
				     {STEP_SETTLE, noun, key, to, id},
				     {STEP_RELINK, noun, key, to, id},
				     {STEP_UNFORWARD, noun, key, to, id},
				     {STEP_HOLD, noun, key, until, id}};
	const char *names[] = {key, to};
	struct plan plan = {.names = {names, COUNT(names)},
			    .steps = steps,
			    .count = COUNT(steps) - (p->keep_key         ? 2
						     : g->hold_days == 0 ? 1
									 : 0)};

	struct tally_hold held = {0};
	/* The old address stays, as an alias. */
	if (p->keep_key && !tally_new_alias(g, t, key, &held, e))
		return false;
	bool done = run_rename(g, t, &plan, any, e);
	if (done && rehearsal_is(t))
		return as_renamed(g, t, k, old, to, ret, rev);
	if (done)
		return g->store->ops->get(g->store, t, k, to, ret, rev, e) ||
		       unseen(e, to);
	tally_let_go(g, t, &held, e);
	if (e->kind == ERR_EXISTS)
		return rearrange_is_free(g, t, to, e) &&
		       err_set(e, ERR_EXISTS, "%s exists already", to);
	return provision_denied(e, "rename", key);
}

bool rearrange_remove_domain(const struct gateway *g, const struct task *t,
			     const char *name, const struct text_list *if_match,
			     struct err *e)
{
	struct store *s = g->store;
	struct domain there;
	struct revision rev;

	if (!s->ops->get(s, t, KIND_DOMAIN, name, &there, &rev, e) ||
	    !provision_matches(if_match, &rev, e) ||
	    !target_unused(g, t, name, e))
		return false;
	bool any;
	if (!s->ops->may_remove(s, t, KIND_DOMAIN, name, e))
		return provision_denied(e, "delete", name);
	if (!administrators_left(g, t, KIND_DOMAIN, name, &any, e))
		return false;
	const char *own = address_domain(t->caller->login);
	if (own != NULL && text_equal(own, name))
		return err_code(e, ERR_CONFLICT, "own_address",
				"you are in it: another administrator has to "
				"delete it");
	rehearsal_show(t, &there, NULL, sizeof(there));
	const char *noun = kind_rules(KIND_DOMAIN)->noun;
	const struct step steps[] = {{STEP_ADMIT, noun, name, NULL, there.id},
				     {STEP_DETACH, noun, name, NULL, there.id},
				     {STEP_RETIRE, noun, name,
				      trash_until(g, t), there.id},
				     {STEP_PURGE, noun, name, NULL, there.id}};
	/* It may take long, and on another gateway: so the plan has the claim.
	 */
	const char *names[] = {name, administrators_name};
	struct plan plan = {.names = {names, any ? 2 : 1},
			    .steps = steps,
			    .count = COUNT(steps)};

	return plan_run(g, t, &plan, e) || provision_denied(e, "delete", name);
}

static const char *joined(struct arena *a, const struct text_list *list)
{
	const char *text = list->items[0];

	for (size_t i = 1; i < list->count; i++)
		text = arena_join(a, text, ",", list->items[i], NULL);
	return text;
}

/* As for aliases that are made one by one. */
static bool may_reserve(const struct gateway *g, const struct task *t,
			const struct domain *d, struct err *e)
{
	for (size_t i = 0; i < DOMAIN_RESERVED; i++) {
		struct alias al = alias_defaults;

		al.address = arena_join(t->arena, domain_reserved[i], "@",
					d->name, NULL);
		al.destinations = d->reserved_to;
		alias_complete(&al, t->arena);
		if (!provision_not_held(g, t, al.address, e) ||
		    !web_check(g, t, KIND_ALIAS, &al, e))
			return false;
	}
	return true;
}

/* It comes into force when it was proved whose it is, and not by the plan. */
static bool is_waiting(const struct domain *d)
{
	return d->wished && !d->in_force;
}

bool rearrange_found(const struct gateway *g, const struct task *t,
		     struct domain *d, struct revision *rev, struct err *e)
{
	const char *noun = kind_rules(KIND_DOMAIN)->noun, *name = d->name;
	const char *open = d->enabled ? "enabled" : "disabled";
	struct domain founded = *d;
	const struct step steps[] = {{STEP_FOUND, noun, name, NULL, NULL},
				     {STEP_RESERVE, noun, name,
				      joined(t->arena, &d->reserved_to), NULL},
				     {STEP_OPEN, noun, name, open, NULL}};
	const char *names[] = {name};
	struct plan plan = {.names = {names, COUNT(names)},
			    .steps = steps,
			    .count = COUNT(steps) - is_waiting(d),
			    .founded = &founded};

	/* Who may not is told so before anything is written down. */
	if (!g->store->ops->may_create(g->store, t, NULL, e))
		return provision_denied(e, "create", name);
	if (!may_reserve(g, t, d, e))
		return false;
	/* Until it is complete nobody's mail is taken. */
	founded.enabled = founded.wished = true;
	founded.in_force = false;
	rehearsal_show(t, NULL, d, sizeof(*d));
	bool done = plan_run(g, t, &plan, e);
	if (done && rehearsal_is(t)) {
		rev->etag = g->store->ops->etag(g->store, t, KIND_DOMAIN, d);
		return true;
	}
	if (done)
		return g->store->ops->get(g->store, t, KIND_DOMAIN, name, d,
					  rev, e) ||
		       unseen(e, name);
	return false;
}
