#include "ldap/principal.h"

#include "ldap/dn.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "util/text.h"

static const char member[] = "member";

/* The members of the group, by their names. */
struct members {
	struct arena *arena;
	const struct berval *values; /* ended by a NULL bv_val, or NULL */
	struct err err;
};

static void each_group(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct members *m = ctx;
	struct entry en;

	if (entry_read(ld, message, m->arena, &en, &m->err))
		m->values = entry_values(&en, member);
}

static bool read_members(struct ldap_store *s, const struct task *t,
			 struct members *ret, struct err *e)
{
	static const char *const want[] = {member, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_administrators_dn(t->arena,
							      s->set->base),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter_present(t->arena, member),
			       .want = want,
			       .each = each_group,
			       .ctx = ret};

	*ret = (struct members){.arena = t->arena};
	if (!store_run(s, t, &op, s->set->read_seconds, "administrators", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return e->kind == ERR_NONE;
}

bool principal_mark(struct ldap_store *s, const struct task *t,
		    struct principal *p, size_t count, struct err *e)
{
	struct members m;

	if (count == 0)
		return true;
	if (!read_members(s, t, &m, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *dn =
			schema_login_dn(t->arena, s->set->base, p[i].login);
		const struct berval *v = m.values;

		while (v != NULL && v->bv_val != NULL &&
		       !dn_equal(v->bv_val, dn))
			v++;
		p[i].super_administrator = v != NULL && v->bv_val != NULL;
	}
	return true;
}

/* One whom the gateway does not see at all is no help. */
static bool can_log_in(struct ldap_store *s, const struct task *t,
		       const char *dn, bool *ret, struct err *e)
{
	const char *enabled;

	if (!store_look(s, t, dn, schema_enabled, &enabled, e))
		return false;
	*ret = text_equal(enabled, "TRUE");
	return true;
}

bool principal_is_last(struct store *port, const struct task *t,
		       const char *login, bool *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *own = schema_login_dn(t->arena, s->set->base, login);
	bool other = false, is_one = false;
	struct members m;

	if (!read_members(s, t, &m, e))
		return false;
	for (const struct berval *v = m.values; v != NULL && v->bv_val != NULL;
	     v++)
		is_one = is_one || dn_equal(v->bv_val, own);
	for (const struct berval *v = m.values;
	     is_one && !other && v->bv_val != NULL; v++) {
		if (!dn_equal(v->bv_val, own) &&
		    !can_log_in(s, t, v->bv_val, &other, e))
			return false;
	}
	*ret = is_one && !other;
	return true;
}

/* The result that says that it was so already. */
static bool is_done(const struct operation *op, bool yes)
{
	return op->result ==
	       (yes ? LDAP_TYPE_OR_VALUE_EXISTS : LDAP_NO_SUCH_ATTRIBUTE);
}

bool principal_set_administrator(struct store *port, const struct task *t,
				 const char *login, bool yes, bool ask,
				 struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	char *values[] = {arena_strdup(a,
				       schema_login_dn(a, s->set->base, login)),
			  NULL};
	LDAPMod *mods[] = {map_mod(a, yes ? LDAP_MOD_ADD : LDAP_MOD_DELETE,
				   member, values),
			   NULL};
	struct controls c = store_as_caller(t);

	if (ask)
		control_no_op(&c);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_administrators_dn(a, s->set->base),
			       .mods = mods,
			       .controls = control_list(&c)};
	if (!store_run(s, t, &op, s->set->write_seconds, op.dn, e) &&
	    !(ask && op.result == LDAP_X_NO_OPERATION) && !is_done(&op, yes)) {
		/* A group has a member, and this one was the last. */
		if (op.result == LDAP_OBJECT_CLASS_VIOLATION)
			return err_code(e, ERR_CONFLICT, "last_administrator",
					"%s is the only super administrator",
					login);
		return ask ? store_nothing_done(e) : false;
	}
	err_clear(e);
	return true;
}
