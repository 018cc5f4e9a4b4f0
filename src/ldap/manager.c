#include "ldap/manager.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "util/text.h"

enum {
	NAMES_A_SEARCH = 50,
	MODS_MAX = ROLE_NONE + 1,
};

/* The values of one domain's roles. */
struct roles {
	struct arena *arena;
	const char *base;
	const struct berval *values[ROLE_NONE];
	const char *guard;
	bool there;
	struct err err;
};

static void each_domain(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct roles *r = ctx;
	struct entry en;

	if (!entry_read(ld, message, r->arena, &en, &r->err))
		return;
	r->there = true;
	r->guard = entry_text(&en, schema_guard);
	for (enum role role = 0; role < ROLE_NONE; role++)
		r->values[role] = entry_values(&en, schema_role(role));
}

static int by_login(const void *a, const void *b)
{
	const struct manager *one = a, *other = b;
	int order = strcmp(one->login, other->login);

	return order != 0 ? order : (int)one->role - (int)other->role;
}

/* Who has several roles stands there with the highest. */
static void merge(struct manager_list *list)
{
	size_t kept = 0;

	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), by_login);
	for (size_t i = 0; i < list->count; i++) {
		if (kept == 0 || strcmp(list->items[kept - 1].login,
					list->items[i].login) != 0)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

static void list_roles(const struct roles *r, struct manager_list *ret)
{
	size_t room = 0;

	for (enum role role = 0; role < ROLE_NONE; role++) {
		const struct berval *v = r->values[role];

		for (; v != NULL && v->bv_val != NULL; v++)
			room++;
	}
	*ret = (struct manager_list){arena_alloc(r->arena,
						 (room + 1) *
							 sizeof(*ret->items)),
				     0};
	for (enum role role = 0; role < ROLE_NONE; role++) {
		const struct berval *v = r->values[role];

		for (; v != NULL && v->bv_val != NULL; v++) {
			const char *login =
				schema_login_of(r->arena, r->base, v->bv_val);

			if (login != NULL)
				ret->items[ret->count++] =
					(struct manager){.login = login,
							 .role = role,
							 .identity = v->bv_val};
		}
	}
}

static const char *digest_of(struct arena *a, const struct manager_list *list)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char hash[DIGEST_SIZE];
	struct digest *d = digest_begin(NULL, 0);
	char *text = arena_alloc(a, 2 * 16 + 1);

	for (size_t i = 0; i < list->count; i++) {
		const struct manager *m = &list->items[i];

		digest_add(d, m->login, strlen(m->login));
		digest_add(d, &m->role, sizeof(m->role));
	}
	digest_end(&d, hash);
	for (size_t i = 0; i < 16; i++) {
		text[2 * i] = hex[hash[i] >> 4];
		text[2 * i + 1] = hex[hash[i] & 15];
	}
	return text;
}

/* Names that the caller sees, of users or of principals. */
struct named {
	struct arena *arena;
	struct manager_list *list;
	struct err err;
};

static void each_named(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct named *n = ctx;
	struct entry en;
	struct manager key = {0}, *m;

	if (n->err.kind != ERR_NONE ||
	    !entry_read(ld, message, n->arena, &en, &n->err))
		return;
	key.login = entry_text(&en, schema_login);
	if (key.login == NULL)
		return;
	for (size_t i = 0; i < n->list->count; i++) {
		m = &n->list->items[i];
		if (strcmp(m->login, key.login) == 0)
			m->name = entry_text(&en, "cn");
	}
}

static bool find_names(struct ldap_store *s, const struct task *t,
		       const char *below, struct manager_list *list,
		       size_t from, size_t count, struct err *e)
{
	static const char *const want[] = {schema_login, "cn", NULL};
	const char *any[NAMES_A_SEARCH];
	struct named n = {.arena = t->arena, .list = list};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = below,
			       .scope = LDAP_SCOPE_SUBTREE,
			       .want = want,
			       .controls = control_list(&c),
			       .each = each_named,
			       .ctx = &n};

	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(t->arena, schema_login,
				      list->items[from + i].login);
	op.filter = filter_any(t->arena, any, count);
	if (!store_run(s, t, &op, s->set->read_seconds, "names", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (n.err.kind != ERR_NONE)
		*e = n.err;
	return e->kind == ERR_NONE;
}

static bool add_names(struct ldap_store *s, const struct task *t,
		      struct manager_list *list, struct err *e)
{
	const char *const below[] = {schema_domains_dn(t->arena, s->set->base),
				     schema_principals_dn(t->arena,
							  s->set->base)};

	for (size_t i = 0, n; i < list->count; i += n) {
		n = list->count - i < NAMES_A_SEARCH ? list->count - i
						     : NAMES_A_SEARCH;
		for (size_t at = 0; at < COUNT(below); at++) {
			if (!find_names(s, t, below[at], list, i, n, e))
				return false;
		}
	}
	return true;
}

bool manager_list_of(struct store *port, const struct task *t,
		     const char *domain, struct managers *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct roles r = {.arena = t->arena, .base = s->set->base};
	const char *const want[] = {schema_role(ROLE_OWNER),
				    schema_role(ROLE_ADMINISTRATOR),
				    schema_role(ROLE_VIEWER), schema_guard,
				    NULL};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_dn(t->arena, s->set->base,
					       KIND_DOMAIN, domain),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = schema_class_filter(t->arena,
							     KIND_DOMAIN),
			       .want = want,
			       .controls = control_list(&c),
			       .each = each_domain,
			       .ctx = &r};

	if (!store_run(s, t, &op, s->set->read_seconds, domain, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	if (r.err.kind != ERR_NONE) {
		*e = r.err;
		return false;
	}
	if (!r.there || r.guard == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no domain %s",
			       domain);
	list_roles(&r, &ret->list);
	ret->all = ret->list;
	ret->all.items = arena_copy(t->arena, ret->list.items,
				    ret->list.count * sizeof(*ret->all.items));
	merge(&ret->list);
	ret->guard = r.guard;
	ret->etag = digest_of(t->arena, &ret->list);
	return add_names(s, t, &ret->list, e);
}

static LDAPMod *value_mod(struct arena *a, int op, enum role role,
			  const char *identity)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = arena_strdup(a, identity);
	return map_mod(a, op, schema_role(role), values);
}

/* One change: at no moment has he none or two of the roles. */
bool manager_appoint(struct store *port, const struct task *t,
		     const char *domain, const struct managers *seen,
		     const char *login, enum role role, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	LDAPMod *mods[MODS_MAX + 1];
	bool has[ROLE_NONE + 1] = {false};
	struct controls c = store_as_caller(t);
	size_t n = 0;

	for (size_t i = 0; i < seen->all.count; i++) {
		const struct manager *m = &seen->all.items[i];

		if (strcmp(m->login, login) != 0)
			continue;
		if (m->role != role && !has[m->role])
			mods[n++] = value_mod(a, LDAP_MOD_DELETE, m->role,
					      m->identity);
		has[m->role] = true;
	}
	if (role != ROLE_NONE && !has[role])
		mods[n++] = value_mod(a, LDAP_MOD_ADD, role,
				      schema_login_dn(a, s->set->base, login));
	mods[n] = NULL;
	control_assert(&c, a, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_dn(a, s->set->base, KIND_DOMAIN,
					       domain),
			       .mods = mods,
			       .controls = control_list(&c)};
	return n == 0 || store_run(s, t, &op, s->set->write_seconds, domain, e);
}

static bool roles_as(struct ldap_store *s, const struct task *t, enum role role,
		     size_t limit, struct manager_list *ret, bool *more,
		     struct err *e)
{
	struct arena *a = t->arena;
	const char *const want[] = {schema_of(KIND_DOMAIN)->key, NULL};
	struct list *found = list_new(a, limit, NULL);
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_equal(a, schema_role(role),
						      t->caller->identity),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = list_take,
			       .ctx = found};
	bool some;
	size_t n;

	if (!store_run(s, t, &op, s->set->read_seconds, "roles", e))
		return false;
	const char *const *keys = list_keys(found, &n, &some);
	*more = *more || some;
	for (size_t i = 0; i < n; i++)
		ret->items[ret->count++] = (struct manager){.login = keys[i],
							    .domain = keys[i],
							    .role = role};
	return true;
}

bool manager_roles(struct store *port, const struct task *t, size_t limit,
		   struct manager_list *ret, bool *more, struct err *e)
{
	struct ldap_store *s = store_self(port);

	*more = false;
	*ret = (struct manager_list){arena_alloc(t->arena,
						 limit * ROLE_NONE *
							 sizeof(*ret->items)),
				     0};
	for (enum role role = 0; role < ROLE_NONE; role++) {
		if (!roles_as(s, t, role, limit, ret, more, e))
			return false;
	}
	merge(ret);
	if (ret->count > limit) {
		ret->count = limit;
		*more = true;
	}
	return true;
}
