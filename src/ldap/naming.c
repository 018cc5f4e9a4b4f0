#include "ldap/naming.h"

#include <string.h>

#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/links.h"
#include "ldap/list.h"
#include "ldap/map.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"

enum {
	SEARCH_FACTOR = 5, /* a search may take that many times a read */
	FORGET_AT_ONCE = 200,
	ROLES_AT_ONCE = 100, /* one may have and still be renamed or removed */
};

struct found {
	const struct links *links;
	const char *address;
	struct list *list;
	bool rights;
	struct err err;
};

static void each_naming(void *ctx, LDAP *ld, LDAPMessage *message)
{
	/* Each may have thousands of destinations. */
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct found *f = ctx;
	struct entry en;
	bool leads, gives;

	if (f->err.kind != ERR_NONE ||
	    !entry_read(ld, message, a, &en, &f->err))
		return;
	const char *own = entry_text(&en, schema_of(KIND_USER)->key);
	links_kinds(f->links, a, &en, &leads, &gives);
	f->rights = f->rights || gives;
	/* Who keeps a copy names himself. */
	if (leads && own != NULL && strcmp(own, f->address) != 0)
		list_add(f->list, own);
}

bool naming_of(struct store *port, const struct task *t, const char *address,
	       size_t limit, struct naming *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	const struct text_list names = {&address, 1};
	const struct links links = {.base = s->set->base, .names = &names};
	struct found f = {.links = &links,
			  .address = address,
			  .list = list_new(a, limit, NULL)};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = s->set->base,
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = links_filter(&links, a),
			       .want = links_wanted(),
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = each_naming,
			       .ctx = &f};
	int64_t seconds = s->set->read_seconds * SEARCH_FACTOR;

	if (!store_run(s, t, &op, seconds, address, e)) {
		if (e->kind != ERR_NOT_FOUND)
			return false;
		/* Who sees only domains. */
		err_clear(e);
		op.dn = schema_domains_dn(a, s->set->base);
		if (!store_run(s, t, &op, seconds, address, e) &&
		    e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	if (f.err.kind != ERR_NONE) {
		*e = f.err;
		return false;
	}
	ret->destinations.items =
		list_keys(f.list, &ret->destinations.count, &ret->more);
	ret->rights = f.rights;
	return true;
}

/* Roles are looked at by the gateway itself: the caller need not see them. */
struct roles {
	struct arena *arena;
	const struct links *links;
	const char *journal; /* what is retired there gives nothing */
	const char *dns[ROLES_AT_ONCE];
	LDAPMod **changes[ROLES_AT_ONCE];
	size_t count;
	bool more;
	struct err err;
};

static void each_role(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct roles *r = ctx;
	struct entry en;
	bool nowhere;
	char *dn = ldap_get_dn(ld, message);

	if (dn == NULL)
		err_set(&r->err, ERR_INTERNAL, "an entry has no name");
	else if (dn_is_below(dn, r->journal))
		; /* it is on its way out */
	else if (r->count == ROLES_AT_ONCE)
		r->more = true;
	else if (entry_read(ld, message, r->arena, &en, &r->err)) {
		r->dns[r->count] = arena_strdup(r->arena, dn);
		r->changes[r->count++] =
			links_change(r->links, r->arena, &en, &nowhere);
	}
	ldap_memfree(dn);
}

static bool find_roles(struct ldap_store *s, const struct task *t,
		       const struct links *links, struct roles *r,
		       struct err *e)
{
	struct arena *a = t->arena;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = s->set->base,
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = links_filter(links, a),
			       .want = links_wanted(),
			       .limit = OPERATION_ALL,
			       .each = each_role,
			       .ctx = r};

	*r = (struct roles){.arena = a,
			    .links = links,
			    .journal = schema_journal_dn(a, s->set->base)};
	if (!store_run(s, t, &op, s->set->read_seconds, "roles", e))
		return false;
	if (r->err.kind != ERR_NONE)
		*e = r->err;
	return r->err.kind == ERR_NONE;
}

bool naming_roles(struct store *port, const struct task *t, const char *address,
		  bool *any, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct text_list names = {&address, 1};
	const struct links links = {s->set->base, &names, NULL, LINKS_ROLES};
	struct roles r;

	if (!find_roles(s, t, &links, &r, e))
		return false;
	*any = r.count > 0;
	return true;
}

/* The no-op control has everything checked, the last member of a group, too. */
static bool may_move(struct ldap_store *s, const struct task *t, const char *dn,
		     LDAPMod **mods, bool *ret, struct err *e)
{
	struct controls c = store_as_caller(t);

	control_no_op(&c);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = dn,
			       .mods = mods,
			       .controls = control_list(&c)};
	*ret = mods != NULL &&
	       (store_run(s, t, &op, s->set->write_seconds, dn, e) ||
		op.result == LDAP_X_NO_OPERATION);
	if (!*ret && e->kind != ERR_DENIED && e->kind != ERR_NOT_FOUND &&
	    e->kind != ERR_INVALID && e->kind != ERR_NONE)
		return store_nothing_done(e);
	err_clear(e);
	return true;
}

bool naming_may_move(struct store *port, const struct task *t,
		     const char *address, const char *to, bool *ret,
		     struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct text_list names = {&address, 1};
	const struct links links = {s->set->base, &names, to, LINKS_ROLES};
	struct roles r;

	if (!find_roles(s, t, &links, &r, e))
		return false;
	*ret = true;
	for (size_t i = 0; *ret && i < r.count; i++) {
		if (!may_move(s, t, r.dns[i], r.changes[i], ret, e))
			return false;
	}
	/* What nobody could name at once stays. */
	*ret = *ret && !r.more;
	return true;
}

static LDAPMod **held_entry(struct arena *a, const char *address,
			    const char *until)
{
	LDAPMod **mods = arena_alloc(a, 4 * sizeof(*mods));
	const char *const pairs[][2] = {{"objectClass", "provostRetired"},
					{schema_of(KIND_USER)->key, address},
					{schema_expires, map_time(a, until)}};

	for (size_t i = 0; i < COUNT(pairs); i++) {
		char **values = arena_alloc(a, 2 * sizeof(*values));

		values[0] = arena_strdup(a, pairs[i][1]);
		mods[i] = map_mod(a, LDAP_MOD_ADD, pairs[i][0], values);
	}
	return mods;
}

bool naming_hold(struct store *port, const struct task *t, const char *address,
		 const char *until, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = schema_held_dn(a, s->set->base, address),
			       .mods = held_entry(a, address, until)};

	if (store_run(s, t, &op, s->set->write_seconds, address, e))
		return true;
	if (e->kind != ERR_EXISTS)
		return false;
	err_clear(e);
	char *values[] = {map_time(a, until), NULL};
	LDAPMod *mods[] = {map_mod(a, LDAP_MOD_REPLACE, schema_expires, values),
			   NULL};
	struct operation again = {.kind = OPERATION_MODIFY,
				  .dn = op.dn,
				  .mods = mods};
	return store_run(s, t, &again, s->set->write_seconds, address, e);
}

bool naming_held(struct store *port, const struct task *t, const char *address,
		 const char **until, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *value;

	if (!store_look(s, t, schema_held_dn(t->arena, s->set->base, address),
			schema_expires, &value, e))
		return false;
	*until = value != NULL ? map_instant(t->arena, value) : NULL;
	return true;
}

static void each_held(void *ctx, LDAP *ld, LDAPMessage *message)
{
	bool *any = ctx;

	(void)ld, (void)message;
	*any = true;
}

/* Until when does not matter here. */
static bool any_held(struct ldap_store *s, const struct task *t,
		     const struct text_list *addresses, bool *any,
		     struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct arena *a = t->arena;
	const char **each =
		arena_alloc(a, (addresses->count + 1) * sizeof(*each));

	for (size_t i = 0; i < addresses->count; i++)
		each[i] = filter_equal(a, schema_of(KIND_USER)->key,
				       addresses->items[i]);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_retired_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_any(a, each, addresses->count),
			       .want = nothing,
			       .each = each_held,
			       .ctx = any};
	return store_run(s, t, &op, s->set->read_seconds, "held", e);
}

bool naming_any(struct store *port, const struct task *t,
		const struct text_list *addresses, bool *any, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct links links = {s->set->base, addresses, NULL, LINKS_ROLES};
	struct roles r;

	*any = false;
	if (!any_held(s, t, addresses, any, e) ||
	    !find_roles(s, t, &links, &r, e))
		return false;
	*any = *any || r.count > 0;
	return true;
}

struct forgotten {
	struct arena *arena;
	const char **dns;
	size_t count;
};

static void each_forgotten(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct forgotten *f = ctx;
	char *dn = ldap_get_dn(ld, message);

	if (dn != NULL && f->count < FORGET_AT_ONCE)
		f->dns[f->count++] = arena_strdup(f->arena, dn);
	ldap_memfree(dn);
}

bool naming_forget(struct store *port, const struct task *t, const char *now,
		   bool *more, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	struct forgotten f = {.arena = a,
			      .dns = arena_alloc(a, FORGET_AT_ONCE *
							    sizeof(char *))};
	const char *const want[] = {LDAP_NO_ATTRS, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_retired_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_to(a, schema_expires,
						   map_time(a, now)),
			       .want = want,
			       .limit = FORGET_AT_ONCE,
			       .each = each_forgotten,
			       .ctx = &f};

	if (!store_run(s, t, &op, s->set->read_seconds * SEARCH_FACTOR, "held",
		       e) &&
	    op.result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	*more = op.result == LDAP_SIZELIMIT_EXCEEDED;
	err_clear(e);
	for (size_t i = 0; i < f.count; i++) {
		struct operation gone = {.kind = OPERATION_DELETE,
					 .dn = f.dns[i]};

		if (!store_run(s, t, &gone, s->set->write_seconds, f.dns[i],
			       e) &&
		    e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	return true;
}
