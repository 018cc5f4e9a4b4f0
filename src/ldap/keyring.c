#include "ldap/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "ldap/filter.h"
#include "ldap/key_parts.h"
#include "ldap/schema.h"
#include "ldap/whose.h"
#include "util/alloc.h"
#include "util/text.h"

enum {
	LISTED_MAX = 1000,           /* of one owner, whoever made them */
	AT_ONCE = KEY_OWNER_MAX + 1, /* that are counted, or removed */
	ROUNDS = 100,
};

struct ldap_keyring {
	struct keyring port;
	struct ldap_store *store;
};

static struct ldap_store *store_of(struct keyring *r)
{
	return ((struct ldap_keyring *)r)->store;
}

static const char *class_filter(struct arena *a)
{
	return filter_equal(a, "objectClass", key_map()->class);
}

/* The owner's entry; NULL if nobody can be called that: slapd's own matching
 * would take many spellings for the same. */
static const char *owner_dn(struct ldap_store *s, const struct task *t,
			    const char *owner)
{
	struct err none = {0};
	bool good = strchr(owner, '@') != NULL
			    ? address_check(owner, ADDRESS_OWN, &none)
			    : owner[0] != '\0' &&
				      owner[strspn(owner,
						   "abcdefghijklmnopqrstuvwxyz"
						   "0123456789._-")] == '\0';

	return good ? schema_login_dn(t->arena, s->set->base, owner) : NULL;
}

static bool no_owner(struct err *e, const char *owner)
{
	return err_set(e, ERR_NOT_FOUND, "there is nobody called %s", owner);
}

struct names {
	struct arena *arena;
	const char *items[AT_ONCE];
	size_t count;
};

static void each_name(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct names *n = ctx;
	char *dn = ldap_get_dn(ld, message);

	if (dn != NULL && n->count < AT_ONCE)
		n->items[n->count++] = arena_strdup(n->arena, dn);
	ldap_memfree(dn);
}

/* The names of keys, with the gateway's own rights. */
static bool find(struct ldap_store *s, const struct task *t, const char *dn,
		 int scope, const char *filter, size_t limit, struct names *ret,
		 struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = scope,
			       .filter = filter,
			       .want = nothing,
			       .limit = (int)limit,
			       .each = each_name,
			       .ctx = ret};

	*ret = (struct names){.arena = t->arena};
	if (!store_run(s, t, &op, s->set->read_seconds, "keys", e) &&
	    e->kind != ERR_NOT_FOUND && op.result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	err_clear(e);
	return true;
}

bool keyring_find(struct ldap_store *s, const struct task *t, const char *id,
		  const char **dn, struct err *e)
{
	struct names names;
	struct whose w;

	*dn = NULL;
	if (!find(s, t, s->set->base, LDAP_SCOPE_SUBTREE,
		  filter_equal(t->arena, schema_key_id, id), 2, &names, e))
		return false;
	/* What was put out of the way with its domain is there no more. */
	if (names.count == 1 &&
	    whose_is(t->arena, s->set->base, names.items[0], &w) &&
	    w.login != NULL && w.key != NULL && !w.further)
		*dn = names.items[0];
	return true;
}

struct reading_keys {
	struct ldap_store *store;
	struct arena *arena;
	struct key *keys;
	size_t count, room;
	const char *guard;
	struct err err;
};

static bool take(struct reading_keys *r, const char *dn, const struct entry *en,
		 struct err *e)
{
	struct key *k = &r->keys[r->count];
	struct whose w;

	*k = key_defaults;
	if (!whose_is(r->arena, r->store->set->base, dn, &w) || w.login == NULL)
		return err_set(e, ERR_INTERNAL, "a key is nobody's");
	k->owner = w.login;
	r->guard = entry_text(en, schema_guard);
	return map_read(key_map(), r->arena, en, k, e);
}

static void each_key(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading_keys *r = ctx;
	char *dn = ldap_get_dn(ld, message);
	struct entry en;

	/* Who may take a user away with his keys is shown that they are there,
	 * and not what they are: to him they are not. */
	if (r->err.kind == ERR_NONE && dn != NULL && r->count < r->room &&
	    entry_read(ld, message, r->arena, &en, &r->err) &&
	    entry_text(&en, schema_key_id) != NULL && take(r, dn, &en, &r->err))
		r->count++;
	ldap_memfree(dn);
}

/* As the caller. */
static bool read_keys(struct ldap_store *s, const struct task *t,
		      const char *dn, int scope, struct reading_keys *r,
		      struct err *e)
{
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = scope,
			       .filter = class_filter(t->arena),
			       .want = map_wanted(key_map(), t->arena,
						  schema_guard),
			       .controls = control_list(&c),
			       .each = each_key,
			       .ctx = r};

	r->store = s;
	r->arena = t->arena;
	if (!store_run(s, t, &op, s->set->read_seconds, "keys", e))
		return false;
	if (r->err.kind != ERR_NONE)
		*e = r->err;
	return r->err.kind == ERR_NONE;
}

static void revise(const struct task *t, const struct key *k, const char *guard,
		   struct revision *ret)
{
	ret->guard = guard;
	ret->etag = map_digest(key_map(), t->arena, k);
}

static bool get_at(struct ldap_store *s, const struct task *t, const char *dn,
		   struct key *ret, struct revision *rev, struct err *e)
{
	struct reading_keys r = {.keys = ret, .room = 1};

	if (!read_keys(s, t, dn, LDAP_SCOPE_BASE, &r, e))
		return false;
	if (r.count == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no such key");
	revise(t, ret, r.guard, rev);
	return true;
}

static bool get(struct keyring *port, const struct task *t, const char *id,
		struct key *ret, struct revision *rev, struct err *e)
{
	struct ldap_store *s = store_of(port);
	const char *dn;

	if (!keyring_find(s, t, id, &dn, e))
		return false;
	return dn != NULL ? get_at(s, t, dn, ret, rev, e)
			  : err_set(e, ERR_NOT_FOUND, "there is no such key");
}

/* A key without it opens nothing. */
static bool set_hash(struct ldap_store *s, const struct task *t, const char *dn,
		     const struct keytext *text, const char *owner_id,
		     struct err *e)
{
	unsigned char hash[DIGEST_SIZE];
	struct berval value = {.bv_len = sizeof(hash), .bv_val = (char *)hash};
	struct berval *values[] = {&value, NULL};
	LDAPMod mod = {.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES,
		       .mod_type = arena_strdup(t->arena, schema_key_hash)};
	LDAPMod *mods[] = {&mod, NULL};
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = dn,
			       .mods = mods};

	mod.mod_bvalues = values;
	key_digest(text, owner_id, hash);
	return store_run(s, t, &op, s->set->write_seconds, "key", e);
}

static bool remove_at(struct ldap_store *s, const struct task *t,
		      const char *dn, bool as_caller,
		      const struct revision *seen, struct err *e)
{
	struct controls c = store_as_caller(t);

	if (seen != NULL)
		control_assert(&c, t->arena, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = dn,
			       .controls = as_caller ? control_list(&c) : NULL};

	return store_run(s, t, &op, s->set->write_seconds, "key", e);
}

/* Its id is of the request alone, or of what its holder has already: an earlier
 * try has added it, and may have ended before it got its hash. */
static bool was_added(const struct task *t, bool foreign, struct err *e)
{
	if ((t->origin == NULL && !foreign) || e->kind != ERR_EXISTS)
		return false;
	err_clear(e);
	return true;
}

static bool add(struct keyring *port, const struct task *t, struct key *k,
		const struct keytext *text, struct revision *ret, struct err *e)
{
	struct ldap_store *s = store_of(port);
	const char *above = owner_dn(s, t, k->owner), *owner_id = NULL;
	struct controls c = store_as_caller(t);
	const bool foreign = k->foreign != NULL;
	bool there = false;
	struct err why;

	if (above == NULL)
		return no_owner(e, k->owner);
	if (!store_look(s, t, above, "entryUUID", &owner_id, e))
		return false;
	if (owner_id == NULL)
		return no_owner(e, k->owner);
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = key_dn(t->arena, above, k->id),
			       .mods = map_add(key_map(), t->arena, k),
			       .controls = control_list(&c)};
	if (!store_run(s, t, &op, s->set->write_seconds, "key", e)) {
		there = was_added(t, foreign, e);
		if (!there)
			return false;
	}
	k->there = there;
	if (rehearsal_is(t)) {
		revise(t, k, "", ret);
		return set_hash(s, t, op.dn, text, owner_id, e);
	}
	bool good = set_hash(s, t, op.dn, text, owner_id, e) &&
		    get_at(s, t, op.dn, k, ret, e);
	k->there = there;
	/* What was there may be in use. */
	if (good || there)
		return good;
	why = *e;
	err_clear(e);
	remove_at(s, t, op.dn, true, NULL, e);
	*e = why;
	return false;
}

static int by_age(const void *one, const void *other)
{
	const struct key *a = one, *b = other;
	int age = strcmp(a->created_at != NULL ? a->created_at : "",
			 b->created_at != NULL ? b->created_at : "");

	return age != 0 ? age : strcmp(a->id, b->id);
}

static bool list(struct keyring *port, const struct task *t, const char *owner,
		 struct key **ret, size_t *count, struct err *e)
{
	struct ldap_store *s = store_of(port);
	const char *above = owner_dn(s, t, owner);
	struct reading_keys r = {.keys = arena_alloc(t->arena,
						     LISTED_MAX *
							     sizeof(*r.keys)),
				 .room = LISTED_MAX};

	if (above == NULL)
		return no_owner(e, owner);
	if (!read_keys(s, t, above, LDAP_SCOPE_ONELEVEL, &r, e))
		return false;
	qsort(r.keys, r.count, sizeof(*r.keys), by_age);
	*ret = r.keys;
	*count = r.count;
	return true;
}

static bool change(struct keyring *port, const struct task *t,
		   const struct key *old, struct key *k,
		   const struct revision *seen, struct revision *ret,
		   struct err *e)
{
	struct ldap_store *s = store_of(port);
	const char *above = owner_dn(s, t, old->owner);
	struct controls c = store_as_caller(t);

	if (above == NULL)
		return no_owner(e, old->owner);
	control_assert(&c, t->arena, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = key_dn(t->arena, above, old->id),
			       .mods = map_change(key_map(), t->arena, old, k),
			       .controls = control_list(&c)};
	if (op.mods != NULL &&
	    !store_run(s, t, &op, s->set->write_seconds, "key", e))
		return false;
	if (rehearsal_is(t)) {
		revise(t, k, "", ret);
		return true;
	}
	return get_at(s, t, op.dn, k, ret, e);
}

static bool remove_key(struct keyring *port, const struct task *t,
		       const char *id, const char *owner,
		       const struct revision *seen, struct err *e)
{
	struct ldap_store *s = store_of(port);
	const char *above = owner_dn(s, t, owner);

	return above != NULL ? remove_at(s, t, key_dn(t->arena, above, id),
					 true, seen, e)
			     : no_owner(e, owner);
}

static bool owner_of(struct keyring *port, const struct task *t, const char *id,
		     const char **ret, struct err *e)
{
	struct ldap_store *s = store_of(port);
	struct whose w = {.login = NULL};
	const char *dn;

	if (!keyring_find(s, t, id, &dn, e))
		return false;
	if (dn != NULL && !whose_is(t->arena, s->set->base, dn, &w))
		w.login = NULL;
	*ret = w.login;
	return true;
}

static bool count_keys(struct keyring *port, const struct task *t,
		       const char *owner, size_t *ret, struct err *e)
{
	struct ldap_store *s = store_of(port);
	const char *above = owner_dn(s, t, owner);
	struct names names;

	*ret = 0;
	if (above == NULL)
		return true;
	if (!find(s, t, above, LDAP_SCOPE_ONELEVEL, class_filter(t->arena),
		  AT_ONCE, &names, e))
		return false;
	*ret = names.count;
	return true;
}

bool keyring_remove_below(struct ldap_store *s, const struct task *t,
			  const char *above, bool *any, struct err *e)
{
	struct names names;

	*any = false;
	for (int round = 0; round < ROUNDS; round++) {
		if (!find(s, t, above, LDAP_SCOPE_ONELEVEL,
			  class_filter(t->arena), AT_ONCE, &names, e))
			return false;
		for (size_t i = 0; i < names.count; i++) {
			if (!remove_at(s, t, names.items[i], false, NULL, e) &&
			    e->kind != ERR_NOT_FOUND)
				return false;
			err_clear(e);
			*any = true;
		}
		/* In a rehearsal they stay. */
		if (names.count < AT_ONCE || rehearsal_is(t))
			return true;
	}
	return err_set(e, ERR_LIMIT, "there are too many keys");
}

static bool revoke(struct keyring *port, const struct task *t,
		   const char *owner, struct err *e)
{
	struct ldap_store *s = store_of(port);
	const char *above = owner_dn(s, t, owner);
	bool any;

	return above == NULL || keyring_remove_below(s, t, above, &any, e);
}

static const struct keyring_ops ops = {
	.add = add,
	.get = get,
	.list = list,
	.change = change,
	.remove = remove_key,
	.adopt = key_adopt,
	.owner = owner_of,
	.count = count_keys,
	.revoke = revoke,
};

struct keyring *ldap_keyring_open(struct store *s)
{
	struct ldap_keyring *r = alloc_zeroed(sizeof(*r));

	r->port.ops = &ops;
	r->store = store_self(s);
	return &r->port;
}

void ldap_keyring_close(struct keyring **r)
{
	free(*r);
	*r = NULL;
}
