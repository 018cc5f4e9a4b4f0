#include "ldap/naming.h"

#include <string.h>

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
