#include "ldap/reach.h"

#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/reading.h"
#include "ldap/schema.h"
#include "util/text.h"

static bool find(struct ldap_store *s, const struct task *t, const char *filter,
		 struct text_list *ret, struct err *e)
{
	struct list *names = list_new(t->arena, REACH_MAX, NULL);
	const char *const want[] = {schema_of(KIND_DOMAIN)->key, NULL};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter,
			       .want = want,
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = list_take,
			       .ctx = names};
	bool more;

	if (!store_run(s, t, &op, s->set->read_seconds, "roles", e))
		return false;
	ret->items = list_keys(names, &ret->count, &more);
	if (more)
		return err_code(e, ERR_DENIED, "too_many",
				"you have roles in more domains than may be "
				"looked at at once");
	return true;
}

static const char *both(struct arena *a, const char *one, const char *which)
{
	return which != NULL ? filter_and(a, one, which) : one;
}

bool reach_find(struct ldap_store *s, const struct task *t, const char *which,
		struct text_list *ret, struct err *e)
{
	const char *role = schema_role_filter(t->arena, t->caller->identity);

	if (!find(s, t, both(t->arena, role, which), ret, e))
		return false;
	return ret->count > 0 ||
	       err_set(e, ERR_NOT_FOUND, "you have no role in any domain");
}

bool reach_among(struct ldap_store *s, const struct task *t,
		 const struct text_list *names, const char *which,
		 struct text_list *ret, struct err *e)
{
	const char **any = arena_alloc(t->arena, names->count * sizeof(*any));

	*ret = (struct text_list){0};
	for (size_t i = 0; i < names->count; i++)
		any[i] = filter_equal(t->arena, schema_of(KIND_DOMAIN)->key,
				      names->items[i]);
	if (names->count > 0 &&
	    !find(s, t,
		  both(t->arena, filter_any(t->arena, any, names->count),
		       which),
		  ret, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static void each_counted(void *ctx, LDAP *ld, LDAPMessage *message)
{
	unsigned *count = ctx;

	(void)ld, (void)message;
	++*count;
}

/* Whether he sees that entry, as such a filter wants it. */
static bool is_such(struct ldap_store *s, const struct task *t, const char *dn,
		    const char *filter, bool *ret, struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct controls c = store_as_caller(t);
	unsigned count = 0;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter,
			       .want = nothing,
			       .controls = control_list(&c),
			       .each = each_counted,
			       .ctx = &count};

	if (!store_run(s, t, &op, s->set->read_seconds, "administrators", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	*ret = count > 0;
	return true;
}

static bool is_member(struct ldap_store *s, const struct task *t,
		      const char *group, bool *ret, struct err *e)
{
	return is_such(s, t, group,
		       schema_member_filter(t->arena, t->caller->identity), ret,
		       e);
}

bool reach_is_super_administrator(struct store *port, const struct task *t,
				  bool *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);

	return is_member(s, t, schema_administrators_dn(t->arena, s->set->base),
			 ret, e);
}

/* The rules of the directory say the same, of the socket where it is read for
 * others. */
bool reach_may_read_hashes(struct store *port, const struct task *t, bool *ret,
			   struct err *e)
{
	struct ldap_store *s = store_self(port);

	*ret = false;
	if (s->reading == NULL)
		return true;
	return reach_is_super_administrator(port, t, ret, e) &&
	       (!*ret ||
		is_member(s, t, schema_hash_readers_dn(t->arena, s->set->base),
			  ret, e));
}

/* Where it must not be asked for, a filter that fits everybody fits nobody:
 * what is unknown stays so when it is negated. */
bool reach_shows_hash(struct store *port, const struct task *t,
		      const char *address, bool *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *some = filter_present(t->arena, reading_hash);
	const char *const either[] = {some, filter_not(t->arena, some)};

	*ret = false;
	if (s->reading == NULL || !session_is_up(s->reading))
		return err_set(e, ERR_UNAVAILABLE,
			       "the directory cannot be read for others");
	return is_such(s, t,
		       schema_dn(t->arena, s->set->base, KIND_USER, address),
		       filter_any(t->arena, either, COUNT(either)), ret, e);
}
