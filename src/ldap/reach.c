#include "ldap/reach.h"

#include "ldap/list.h"
#include "ldap/schema.h"

static void each_name(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct berval dn, *values = NULL, name;
	BerElement *ber = NULL;

	if (ldap_get_dn_ber(ld, message, &ber, &dn) == LDAP_SUCCESS &&
	    ldap_get_attribute_ber(ld, message, ber, &name, &values) ==
		    LDAP_SUCCESS &&
	    values != NULL && values[0].bv_val != NULL)
		list_add(ctx, values[0].bv_val);
	ber_memfree(values);
	ber_free(ber, 0);
}

bool reach_find(struct ldap_store *s, const struct task *t,
		struct text_list *ret, struct err *e)
{
	struct list *names = list_new(t->arena, REACH_MAX, NULL);
	const char *const want[] = {schema_of(KIND_DOMAIN)->key, NULL};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter =
				       schema_role_filter(t->arena,
							  t->caller->identity),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = each_name,
			       .ctx = names};
	bool more;

	if (!store_run(s, t, &op, s->set->read_seconds, "roles", e))
		return false;
	ret->items = list_keys(names, &ret->count, &more);
	if (more)
		return err_code(e, ERR_DENIED, "too_many",
				"you have roles in more domains than may be "
				"looked at at once");
	return ret->count > 0 ||
	       err_set(e, ERR_NOT_FOUND, "you have no role in any domain");
}
