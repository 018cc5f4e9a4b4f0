#include "core/role.h"

#include "core/address.h"

/* Where is not told: it may be a domain the caller must not know of. */
static bool has_role(struct err *e, const char *address)
{
	return err_code(e, ERR_CONFLICT, "has_role",
			"%s is still named in a role or group: who may change "
			"that has to take it out first",
			address);
}

bool role_gone(const struct gateway *g, const struct task *t,
	       const char *address, struct err *e)
{
	bool any = false;

	return g->store->ops->roles(g->store, t, address, &any, e) &&
	       (!any || has_role(e, address));
}

/* Who may not make principals does not come here. */
static bool may_make(const struct gateway *g, const struct task *t, enum kind k,
		     const char *login, struct err *e)
{
	return k == KIND_PRINCIPAL ||
	       g->store->ops->may_create(g->store, t, address_domain(login), e);
}

bool role_none(const struct gateway *g, const struct task *t, enum kind k,
	       const char *address, struct err *e)
{
	if (role_gone(g, t, address, e))
		return true;
	if (e->kind != ERR_CONFLICT)
		return false;
	const struct err why = *e;
	err_clear(e);
	if (may_make(g, t, k, address, e))
		*e = why;
	else if (e->kind == ERR_NOT_FOUND || e->kind == ERR_DENIED)
		err_set(e, ERR_DENIED, "you may not create %s", address);
	return false;
}

bool role_movable(const struct gateway *g, const struct task *t, enum kind k,
		  const char *address, const char *to, bool *any, struct err *e)
{
	struct store *s = g->store;
	bool may = true;

	*any = false;
	if (!s->ops->roles(s, t, address, any, e) ||
	    (*any && !s->ops->may_move_roles(s, t, address, to, &may, e)))
		return false;
	/* Who may not do it anyway learns nothing of roles. */
	return may || (s->ops->may_remove(s, t, k, address, e) &&
		       has_role(e, address));
}
