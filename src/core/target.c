#include "core/target.h"

#include "core/provision.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct domain, member)

bool target_check(const struct gateway *g, const struct task *t,
		  const struct domain *d, struct err *e)
{
	struct domain to;
	struct revision rev;

	if (!text_equal(d->kind, "alias"))
		return true;
	if (!g->store->ops->get(g->store, t, KIND_DOMAIN, d->target, &to, &rev,
				e)) {
		if (e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		fault_field(e, t->arena, FAULT_REFERENCE, F(target),
			    arena_printf(t->arena,
					 "there is no domain %s that you may "
					 "lead to",
					 d->target));
	} else if (!text_equal(to.kind, "local")) {
		fault_field(e, t->arena, FAULT_REFERENCE, F(target),
			    arena_printf(t->arena,
					 "%s is a domain of kind %s; an alias "
					 "domain leads to a local one",
					 d->target, to.kind));
	}
	return e->faults == NULL && provision_unclaimed(g, t, d->target, e);
}

bool target_change(const struct gateway *g, const struct task *t,
		   const struct domain *old, const struct domain *d,
		   struct err *e)
{
	if (!text_equal(old->kind, d->kind))
		fault_field(e, t->arena, FAULT_READ_ONLY, F(kind),
			    arena_printf(t->arena,
					 "it is of kind %s, and stays so",
					 old->kind));
	if (d->reserved_to.count > 0)
		fault_field(e, t->arena, FAULT_RANGE, F(reserved_to),
			    "only a new domain gets its reserved names");
	if (e->faults != NULL)
		return false;
	return text_equal(old->target, d->target) || target_check(g, t, d, e);
}

bool target_unused(const struct gateway *g, const struct task *t,
		   const char *name, struct err *e)
{
	struct text_list from = {0};
	const char *names;

	if (!g->store->ops->leading_to(g->store, t, name, &from, e))
		return false;
	if (from.count == 0)
		return true;
	names = from.items[0];
	for (size_t i = 1; i < from.count; i++)
		names = arena_printf(t->arena, "%s, %s", names, from.items[i]);
	err_code(e, ERR_CONFLICT, "is_target", "alias domains lead to %s: %s",
		 name, names);
	e->conflicts_with =
		arena_printf(t->arena, "%s%s", kind_rules(KIND_DOMAIN)->path,
			     from.items[0]);
	return false;
}

bool target_is_twin(const struct domain *d)
{
	return text_equal(d->kind, "local") && d->target != NULL;
}

bool target_rests(const struct gateway *g, const struct task *t,
		  const struct domain *d, struct err *e)
{
	return !target_is_twin(d) || provision_unclaimed(g, t, d->name, e);
}
