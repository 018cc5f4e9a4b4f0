#include "core/plan_steps.h"

#include <string.h>

#include "core/alias.h"
#include "core/role.h"
#include "core/scope.h"
#include "core/tally.h"
#include "core/trash.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum { DAY = 86400 };

static bool is_there(struct run *r, const struct step *s, bool *ret,
		     struct err *e)
{
	return r->g->store->ops->is_there(r->g->store, &r->work,
					  plan_kind_of(s), s->key, s->id, ret,
					  e);
}

bool step_rename(struct run *r, const struct step *s, bool *more, struct err *e)
{
	(void)more;
	return r->g->store->ops->rename(r->g->store, &r->work, plan_kind_of(s),
					s->key, s->to, s->id, e);
}

bool step_settle(struct run *r, const struct step *s, bool *more, struct err *e)
{
	(void)more;
	return r->g->store->ops->settle(r->g->store, &r->work, plan_kind_of(s),
					s->to, s->id, e);
}

static const char *forward_note(struct arena *a, const struct step *s)
{
	return arena_printf(a, "former address of %s", s->to);
}

/* Mail that is under way to the old address finds its owner, and nobody else
 * can have it as long as others name it. */
bool step_forward(struct run *r, const struct step *s, bool *more,
		  struct err *e)
{
	struct arena *a = r->work.arena;
	const char **to = arena_alloc(a, sizeof(*to));
	struct alias forward = alias_defaults;
	struct revision rev;

	(void)more;
	*to = s->to;
	forward.address = s->key;
	forward.destinations = (struct text_list){to, 1};
	forward.description = forward_note(a, s);
	alias_complete(&forward, a);
	/* Made by an earlier try, or taken by somebody in that moment. */
	return r->g->store->ops->add(r->g->store, &r->work, KIND_ALIAS,
				     &forward, &rev, e) ||
	       e->kind == ERR_EXISTS;
}

bool step_unforward(struct run *r, const struct step *s, bool *more,
		    struct err *e)
{
	struct store *st = r->g->store;
	struct alias there;
	struct revision rev;

	(void)more;
	if (rehearsal_is(&r->work))
		return st->ops->remove(st, &r->work, KIND_ALIAS, s->key, NULL,
				       e);
	if (!st->ops->get(st, &r->work, KIND_ALIAS, s->key, &there, &rev, e))
		return e->kind == ERR_NOT_FOUND;
	if (there.destinations.count != 1 ||
	    !text_equal(there.destinations.items[0], s->to) ||
	    !text_equal(there.description, forward_note(r->work.arena, s)))
		return true; /* somebody has made it his */
	return st->ops->remove(st, &r->work, KIND_ALIAS, s->key, &rev, e) ||
	       e->kind == ERR_NOT_FOUND || e->kind == ERR_CHANGED;
}

bool step_relink(struct run *r, const struct step *s, bool *more, struct err *e)
{
	const char *items[] = {s->key};
	const struct text_list names = {items, COUNT(items)};

	return r->g->store->ops->relink(r->g->store, &r->work, &names, s->to,
					NULL, RELINK_ALL, more, e);
}

bool step_allow(struct run *r, const struct step *s, bool *more, struct err *e)
{
	struct store *st = r->g->store;
	bool there;

	(void)more;
	if (!is_there(r, s, &there, e))
		return false;
	if (!there)
		return err_set(e, ERR_NOT_FOUND, "there is no %s %s", s->kind,
			       s->key);
	return st->ops->may_remove(st, &r->work, plan_kind_of(s), s->key, e);
}

static bool unlink_from(struct run *r, const struct step *s, enum relinked what,
			bool *more, struct err *e)
{
	const char *items[] = {s->key};
	const struct text_list names = {items, COUNT(items)};

	return r->g->store->ops->relink(r->g->store, &r->work, &names, NULL,
					NULL, what, more, e);
}

bool step_unlink(struct run *r, const struct step *s, bool *more, struct err *e)
{
	return unlink_from(r, s, RELINK_ALL, more, e);
}

bool step_strip(struct run *r, const struct step *s, bool *more, struct err *e)
{
	return unlink_from(r, s, RELINK_RIGHTS, more, e);
}

bool step_hold(struct run *r, const struct step *s, bool *more, struct err *e)
{
	(void)more;
	return r->g->store->ops->hold(r->g->store, &r->work, s->key, s->to, e);
}

bool step_remove(struct run *r, const struct step *s, bool *more, struct err *e)
{
	struct store *st = r->g->store;
	enum kind k = plan_kind_of(s);
	void *record = arena_alloc(r->work.arena, kind_rules(k)->size);
	struct revision seen;
	bool there;

	(void)more;
	if (!is_there(r, s, &there, e))
		return false;
	if (!there)
		return true;
	if (!st->ops->get(st, &r->work, k, s->key, record, &seen, e))
		return e->kind == ERR_NOT_FOUND
			       ? err_set(e, ERR_DENIED, "you may not delete %s",
					 s->key)
			       : false;
	/* Another one since the question above: he stays. */
	if (!text_equal(kind_id(k, record), s->id))
		return true;
	/* In a rehearsal his roles are still there. */
	if ((k == KIND_USER || k == KIND_PRINCIPAL) &&
	    !rehearsal_is(&r->work) && !role_gone(r->g, &r->work, s->key, e))
		return false;
	const char *mark = tally_seen(r->g, &r->work, k, s->key);
	if (trash_remove(r->g, &r->work, k, record, &seen, s->to, e)) {
		tally_removed(r->g, &r->work, k, record, mark);
		return true;
	}
	return e->kind == ERR_NOT_FOUND ||
	       (e->kind == ERR_CHANGED &&
		err_set(e, ERR_LIMIT, "%s is changed by others", s->key));
}

/* The domain as this plan has made it, or found it made.  That the caller may
 * no longer see it does not mean that it is gone. */
static bool read_founded(struct run *r, const struct step *s,
			 struct domain *ret, struct revision *rev, bool *there,
			 struct err *e)
{
	*there = r->g->store->ops->get(r->g->store, &r->work, KIND_DOMAIN,
				       s->key, ret, rev, e);
	if (*there)
		return true;
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (!is_there(r, s, there, e))
		return false;
	return !*there ||
	       err_set(e, ERR_DENIED, "you may not complete %s", s->key);
}

/* Not yet open, and nobody has decided otherwise. */
static bool is_pending(const struct domain *d)
{
	return d->wished && !d->in_force;
}

/* Who takes the plan over does not know what was to be made: what is not there
 * was never made. */
bool step_found(struct run *r, const struct step *s, bool *more, struct err *e)
{
	struct domain *d = r->plan->founded, found;
	struct revision rev;
	bool there;

	(void)more;
	if (d != NULL && !r->again) {
		struct domain made = *d;

		return r->g->store->ops->add(r->g->store, &r->work, KIND_DOMAIN,
					     &made, &rev, e);
	}
	if (!read_founded(r, s, &found, &rev, &there, e))
		return false;
	if (there && is_pending(&found) &&
	    (d == NULL || domain_same(&found, d)))
		return true;
	if (d == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no domain %s",
			       s->key);
	struct domain made = *d;
	return r->g->store->ops->add(r->g->store, &r->work, KIND_DOMAIN, &made,
				     &rev, e);
}

static struct text_list split(struct arena *a, const char *text)
{
	struct text_list list = {arena_alloc(a, (strlen(text) / 2 + 1) *
							sizeof(char *)),
				 0};

	while (*text != '\0') {
		size_t n = strcspn(text, ",");

		list.items[list.count++] = arena_strndup(a, text, n);
		text += n + (text[n] == ',');
	}
	return list;
}

/* Also where somebody has disabled the domain meanwhile: whoever enables it
 * finds what was asked for. */
bool step_reserve(struct run *r, const struct step *s, bool *more,
		  struct err *e)
{
	struct store *st = r->g->store;
	struct arena *a = r->work.arena;
	struct domain d;
	struct revision rev;
	bool there;

	(void)more;
	/* In a rehearsal there is none, and all follows on its being made. */
	if (!rehearsal_is(&r->work) &&
	    (!read_founded(r, s, &d, &rev, &there, e) || !there || d.in_force))
		return e->kind == ERR_NONE;
	for (size_t i = 0; i < DOMAIN_RESERVED; i++) {
		struct alias al = alias_defaults;

		al.address =
			arena_join(a, domain_reserved[i], "@", s->key, NULL);
		al.destinations = split(a, s->to);
		alias_complete(&al, a);
		if (!st->ops->add(st, &r->work, KIND_ALIAS, &al, &rev, e) &&
		    e->kind != ERR_EXISTS)
			return false;
		err_clear(e);
	}
	return true;
}

/* Who disabled it meanwhile has decided. */
bool step_open(struct run *r, const struct step *s, bool *more, struct err *e)
{
	struct store *st = r->g->store;
	struct domain old, now;
	struct revision seen, rev;
	bool there;

	(void)more;
	if (rehearsal_is(&r->work)) {
		old = *r->plan->founded;
		seen = (struct revision){"", ""};
	} else if (!read_founded(r, s, &old, &seen, &there, e) || !there ||
		   !is_pending(&old)) {
		return e->kind == ERR_NONE;
	}
	now = old;
	now.in_force = text_equal(s->to, "enabled");
	now.wished = false;
	return st->ops->change(st, &r->work, KIND_DOMAIN, &old, &now, &seen,
			       &rev, e) ||
	       (e->kind == ERR_CHANGED &&
		err_set(e, ERR_LIMIT, "%s is changed by others", s->key));
}

/* The steward must not clear it away meanwhile. */
bool step_restore(struct run *r, const struct step *s, bool *more,
		  struct err *e)
{
	struct store *st = r->g->store;
	char until[INSTANT_SIZE];

	(void)more;
	instant_text(until, clock_seconds() + DAY);
	if (!st->ops->keep_until(st, &r->work, s->id, until, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return st->ops->bring_back(st, &r->work, plan_kind_of(s), s->key, s->id,
				   s->id, e);
}

bool step_forget(struct run *r, const struct step *s, bool *more, struct err *e)
{
	(void)more;
	return r->g->journal->ops->remove(r->g->journal, &r->work, s->id, e);
}

bool step_within(struct run *r, const struct step *s, bool *more, struct err *e)
{
	(void)r, (void)s, (void)more, (void)e;
	return true;
}

void step_add_within(const struct task *t, struct plan *p)
{
	const struct scope *scope = t->caller->scope;

	if (!scope_is_bound(scope))
		return;
	struct step *steps =
		arena_alloc(t->arena, (p->count + 1) * sizeof(*steps));
	const char *domains = "";
	for (size_t i = 0; i < scope->domains.count; i++)
		domains = arena_join(t->arena, domains, i > 0 ? "," : "",
				     scope->domains.items[i], NULL);
	memcpy(steps, p->steps, p->count * sizeof(*steps));
	steps[p->count++] = (struct step){.verb = STEP_WITHIN,
					  .kind = "domain",
					  .key = domains,
					  .id = ""};
	p->steps = steps;
}

const struct scope *step_find_within(struct arena *a, const struct plan *p)
{
	static const char *all[] = {"*"};

	for (size_t i = 0; i < p->count; i++) {
		const struct step *s = &p->steps[i];

		if (!text_equal(s->verb, STEP_WITHIN))
			continue;
		const struct scope scope = {.rights = {all, COUNT(all)},
					    .domains = split(a, s->key)};
		return arena_copy(a, &scope, sizeof(scope));
	}
	return NULL;
}
