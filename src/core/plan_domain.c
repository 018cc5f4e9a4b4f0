#include "core/plan_domain.h"

#include "core/address.h"
#include "core/alias.h"
#include "core/target.h"
#include "util/text.h"

#define OPS(r) (r)->g->store->ops

static bool under_way(const char *name, struct err *e)
{
	return err_code(e, ERR_CONFLICT, "under_way",
			"%s is just being renamed or removed", name);
}

static bool has_name(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->names.count; i++) {
		if (text_equal(p->names.items[i], name))
			return true;
	}
	return false;
}

bool plan_domains_rest(const struct gateway *g, const struct task *t,
		       const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->names.count; i++) {
		const char *domain = address_domain(p->names.items[i]);
		bool claimed = false;

		/* Its own claim on the domain is in nobody's way. */
		if (domain == NULL || has_name(p, domain))
			continue;
		if (!g->journal->ops->is_claimed(g->journal, t, domain,
						 &claimed, e))
			return false;
		if (claimed)
			return under_way(domain, e);
	}
	return true;
}

static bool is_in(const char *name, const struct step *s)
{
	const char *domain = address_domain(name);

	return domain != NULL &&
	       (text_equal(domain, s->key) || text_equal(domain, s->to));
}

/* Whoever has begun with one of its addresses is let finish; and whoever begins
 * now finds our claim. */
static bool nobody_else(struct run *r, const struct step *s, struct err *e)
{
	struct plan *plans;
	size_t count = 0;

	if (!r->g->journal->ops->list(r->g->journal, &r->work, &plans, &count,
				      e))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct plan *p = &plans[i];

		for (size_t n = 0; n < p->names.count; n++) {
			if (!text_equal(p->id, r->plan->id) &&
			    is_in(p->names.items[n], s))
				return under_way(p->names.items[n], e);
		}
	}
	return true;
}

bool step_twin(struct run *r, const struct step *s, bool *more, struct err *e)
{
	bool there;

	(void)more;
	if (!OPS(r)->is_there(r->g->store, &r->work, KIND_DOMAIN, s->key, s->id,
			      &there, e))
		return false;
	if (!there)
		return err_set(e, ERR_NOT_FOUND, "there is no domain %s",
			       s->key);
	return nobody_else(r, s, e) && plan_administrators_stay(r, s, e) &&
	       OPS(r)->twin(r->g->store, &r->work, s->key, s->to, e);
}

bool step_shift(struct run *r, const struct step *s, bool *more, struct err *e)
{
	return plan_may_go_on(r, e) &&
	       OPS(r)->shift(r->g->store, &r->work, s->key, s->to, more, e);
}

bool step_follow(struct run *r, const struct step *s, bool *more, struct err *e)
{
	return plan_may_go_on(r, e) &&
	       OPS(r)->follow(r->g->store, &r->work, s->key, s->to, more, e);
}

bool step_turn(struct run *r, const struct step *s, bool *more, struct err *e)
{
	(void)more;
	return OPS(r)->turn(r->g->store, &r->work, s->key, s->to, e);
}

/* What an alias domain does not find at its target goes to its own catch-all,
 * not to that of the target. */
bool step_catch(struct run *r, const struct step *s, bool *more, struct err *e)
{
	struct arena *a = r->work.arena;
	struct alias al;
	struct revision rev;

	(void)more;
	if (!OPS(r)->get(r->g->store, &r->work, KIND_ALIAS,
			 arena_join(a, "@", s->to, NULL), &al, &rev, e))
		return e->kind == ERR_NOT_FOUND;
	al.address = arena_join(a, "@", s->key, NULL);
	return OPS(r)->add(r->g->store, &r->work, KIND_ALIAS, &al, &rev, e) ||
	       e->kind == ERR_EXISTS || e->kind == ERR_INVALID;
}

bool step_arrive(struct run *r, const struct step *s, bool *more, struct err *e)
{
	return plan_may_go_on(r, e) &&
	       OPS(r)->arrive(r->g->store, &r->work, s->key, s->to, more, e);
}

/* The limits are those of another domain now, which is counted for itself. */
bool step_part(struct run *r, const struct step *s, bool *more, struct err *e)
{
	(void)more;
	return OPS(r)->part(r->g->store, &r->work, s->key, s->to, e) &&
	       OPS(r)->forget(r->g->store, &r->work, s->key, s->id, NULL, e);
}

/* The catch-all has followed; what is left of it takes mail until the end. */
static bool drop_catch_all(struct run *r, const struct step *s, struct err *e)
{
	const char *all = arena_join(r->work.arena, "@", s->key, NULL);

	if (!OPS(r)->remove(r->g->store, &r->work, KIND_ALIAS, all, NULL, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

/* What came there since is brought along, and what is neither a user nor an
 * alias keeps it there. */
bool step_drop(struct run *r, const struct step *s, bool *more, struct err *e)
{
	struct store *st = r->g->store;
	bool there, any = false;

	if (!OPS(r)->is_there(st, &r->work, KIND_DOMAIN, s->key, s->id, &there,
			      e))
		return false;
	if (!there)
		return true;
	if (!OPS(r)->follow(st, &r->work, s->key, s->to, more, e) || *more)
		return e->kind == ERR_NONE;
	if (!drop_catch_all(r, s, e))
		return false;
	if (OPS(r)->remove(st, &r->work, KIND_DOMAIN, s->key, NULL, e) ||
	    e->kind == ERR_NOT_FOUND)
		return true;
	if (e->kind != ERR_CONFLICT)
		return false;
	err_clear(e);
	if (!OPS(r)->shift(st, &r->work, s->key, s->to, more, e))
		return false;
	for (any = *more; any;) {
		if (!OPS(r)->arrive(st, &r->work, s->key, s->to, &any, e))
			return false;
	}
	return true;
}
