#include "ldap/moving.h"

#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "ldap/abreast.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/naming.h"
#include "ldap/number.h"
#include "ldap/schema.h"
#include "ldap/steps.h"
#include "ldap/store_parts.h"
#include "util/text.h"

enum {
	AT_ONCE = 50,         /* entries that one call changes */
	SEARCH_FACTOR = 5,    /* a search may take that many times a read */
	ATTRIBUTES_MAX = 32,  /* of a domain; see entry.c */
	VALUES_AT_MOST = 1000 /* of one attribute of it */
};

static const char target[] = "provostTargetDomain";
static const char kind_attribute[] = "provostDomainKind";
static const char key_domain[] = "provostKeyDomain";

/* Entries that a search found, so many at most. */
struct found {
	struct arena *arena;
	const char *dns[AT_ONCE];
	struct entry entries[AT_ONCE];
	size_t count;
	struct err err;
};

static void each_found(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct found *f = ctx;
	char *dn = ldap_get_dn(ld, message);

	if (dn != NULL && f->count < AT_ONCE && f->err.kind == ERR_NONE &&
	    entry_read(ld, message, f->arena, &f->entries[f->count], &f->err))
		f->dns[f->count++] = arena_strdup(f->arena, dn);
	ldap_memfree(dn);
}

/* The first of them, on the caller's behalf; without one, the gateway's. */
static bool find(struct ldap_store *s, const struct task *t,
		 struct operation *op, bool as_caller, struct found *ret,
		 struct err *e)
{
	struct controls c = store_as_caller(t);

	*ret = (struct found){.arena = t->arena};
	op->kind = OPERATION_SEARCH;
	op->controls = as_caller ? control_list(&c) : NULL;
	op->limit = AT_ONCE;
	op->each = each_found;
	op->ctx = ret;
	if (!store_run(s, t, op, s->set->read_seconds * SEARCH_FACTOR, "move",
		       e) &&
	    op->result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	err_clear(e);
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return ret->err.kind == ERR_NONE;
}

static const char *domain_dn(struct ldap_store *s, const struct task *t,
			     const char *name)
{
	return schema_dn(t->arena, s->set->base, KIND_DOMAIN, name);
}

/* Everything a domain's entry says, to who may read it.  False with
 * ERR_NOT_FOUND if there is none. */
static bool read_domain(struct ldap_store *s, const struct task *t,
			const char *name, struct entry *ret, struct err *e)
{
	static const char *const want[] = {LDAP_ALL_USER_ATTRIBUTES, "entryCSN",
					   NULL};
	struct found *f = arena_alloc(t->arena, sizeof(*f));
	struct operation op = {.dn = domain_dn(s, t, name),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = schema_class_filter(t->arena,
							     KIND_DOMAIN),
			       .want = want};

	if (!find(s, t, &op, true, f, e))
		return false;
	if (f->count == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no domain %s", name);
	*ret = f->entries[0];
	return true;
}

static bool modify(struct ldap_store *s, const struct task *t, const char *dn,
		   LDAPMod **mods, const char *guard, struct err *e)
{
	struct controls c = store_as_caller(t);

	if (guard != NULL)
		control_assert(&c, t->arena, schema_guard, guard);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = dn,
			       .mods = mods,
			       .controls = control_list(&c)};

	return store_run(s, t, &op, s->set->write_seconds, dn, e);
}

static LDAPMod *one(struct arena *a, int how, const char *name,
		    const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = value != NULL ? arena_strdup(a, value) : NULL;
	values[1] = NULL;
	return map_mod(a, how, name, value != NULL ? values : NULL);
}

/* What a domain does not share with the one that takes its place: names, what
 * it stands for, the number by which clients know it, which follows in the end,
 * the directory's own. */
static bool is_its_own(const char *name)
{
	static const char *const own[] = {
		"provostDomainName", "provostTargetDomain", "provostDomainKind",
		"provostNumber",     "provostRows",         "objectClass",
		"entryCSN",
	};

	for (size_t i = 0; i < COUNT(own); i++) {
		if (strcasecmp(own[i], name) == 0)
			return true;
	}
	return false;
}

static char **texts(struct arena *a, const struct berval *values)
{
	size_t n = 0;

	while (values[n].bv_val != NULL && n < VALUES_AT_MOST)
		n++;
	char **list = arena_alloc(a, (n + 1) * sizeof(*list));
	for (size_t i = 0; i < n; i++)
		list[i] = values[i].bv_val;
	list[n] = NULL;
	return list;
}

static LDAPMod **twin_of(struct arena *a, const struct entry *en,
			 const char *from, const char *to)
{
	LDAPMod **mods = arena_alloc(a, (en->count + 5) * sizeof(*mods));
	const struct berval *classes = entry_values(en, "objectClass");
	size_t n = 0;

	mods[n++] = map_mod(a, LDAP_MOD_ADD, "objectClass", texts(a, classes));
	mods[n++] = one(a, LDAP_MOD_ADD, schema_of(KIND_DOMAIN)->key, to);
	mods[n++] = one(a, LDAP_MOD_ADD, kind_attribute, "local");
	mods[n++] = one(a, LDAP_MOD_ADD, target, from);
	for (size_t i = 0; i < en->count; i++) {
		const struct attribute *at = &en->attributes[i];

		if (!is_its_own(at->name))
			mods[n++] = map_mod(a, LDAP_MOD_ADD, at->name,
					    texts(a, at->values));
	}
	mods[n] = NULL;
	return mods;
}

static bool is_local(const struct entry *en, const char *leads_to)
{
	const char *to = entry_text(en, target);

	return text_equal(entry_text(en, kind_attribute), "local") &&
	       text_equal(to, leads_to);
}

/* Made by an earlier try: nobody else makes one like that. */
static bool is_ours(struct ldap_store *s, const struct task *t,
		    const char *from, const char *to, struct err *e)
{
	struct err why = *e;
	struct entry en;

	err_clear(e);
	if (!read_domain(s, t, to, &en, e))
		return false;
	if (is_local(&en, from))
		return true;
	*e = why;
	return false;
}

bool moving_twin(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	struct controls c = store_as_caller(t);
	struct entry en;

	if (!read_domain(s, t, from, &en, e))
		return false;
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = domain_dn(s, t, to),
			       .mods = twin_of(a, &en, from, to),
			       .controls = control_list(&c)};
	if (!store_run(s, t, &op, s->set->write_seconds, to, e) &&
	    (e->kind != ERR_EXISTS || !is_ours(s, t, from, to, e)))
		return false;
	if (is_local(&en, to))
		return true;
	LDAPMod *mods[] = {one(a, LDAP_MOD_REPLACE, target, to), NULL};
	return modify(s, t, domain_dn(s, t, from), mods, NULL, e);
}

/* The same local part in another domain. */
static const char *in_domain(struct arena *a, const char *address,
			     const char *domain)
{
	return arena_printf(a, "%.*s@%s", (int)strcspn(address, "@"), address,
			    domain);
}

static bool relink(struct ldap_store *s, const struct task *t,
		   const struct text_list *names, const char *to, struct err *e)
{
	const char *there = arena_join(t->arena, "@", to, NULL);
	bool more = names->count > 0;

	while (more) {
		if (!steps_relink(&s->port, t, names, there, NULL, RELINK_ALL,
				  &more, e))
			return false;
	}
	return true;
}

static const char *addresses_filter(struct arena *a)
{
	const char *any[] = {schema_class_filter(a, KIND_USER),
			     schema_class_filter(a, KIND_ALIAS)};

	return filter_any(a, any, COUNT(any));
}

static enum kind kind_of(const struct entry *en)
{
	return entry_is_a(en, schema_of(KIND_USER)->map.class) ? KIND_USER
							       : KIND_ALIAS;
}

static const char *const address_wanted[] = {"mail", "provostFormerAddress",
					     "objectClass", "entryUUID", NULL};

/* Whether there is a catch-all that is to go: once the new domain has one, the
 * old one's is there to stay. */
static bool find_catch_all(struct ldap_store *s, const struct task *t,
			   const char *from, const char *to, struct found *f,
			   struct err *e)
{
	struct arena *a = t->arena;
	const char *const names[] = {arena_join(a, "@", to, NULL),
				     arena_join(a, "@", from, NULL)};

	for (size_t i = 0; i < COUNT(names); i++) {
		struct operation op = {.dn = schema_dn(a, s->set->base,
						       KIND_ALIAS, names[i]),
				       .scope = LDAP_SCOPE_BASE,
				       .filter = addresses_filter(a),
				       .want = address_wanted};

		bool there = find(s, t, &op, true, f, e) && f->count > 0;
		if (e->kind != ERR_NONE && e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		if (i == 0 && there) {
			f->count = 0;
			return true;
		}
	}
	return true;
}

/* A catch-all goes first: then nothing that it takes is refused at the new
 * name while the others follow. */
static bool find_next(struct ldap_store *s, const struct task *t,
		      const char *from, const char *to, struct found *f,
		      struct err *e)
{
	struct arena *a = t->arena;
	const char *all =
		filter_equal(a, "mail", arena_join(a, "@", from, NULL));
	struct operation op = {.dn = domain_dn(s, t, from),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_and(a, addresses_filter(a),
						    filter_not(a, all)),
			       .want = address_wanted};

	if (!find_catch_all(s, t, from, to, f, e))
		return false;
	return f->count > 0 || find(s, t, &op, true, f, e);
}

/* Gone, or somebody has renamed it: the next look tells. */
static bool passed(struct err *e)
{
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

/* Entries of which each is written for itself. */
struct batch {
	struct ldap_store *store;
	const struct task *task;
	const struct found *found;
	const char *to;
	struct text_list moved; /* names that they had */
};

static bool shift_one(void *ctx, size_t i, struct err *e)
{
	struct batch *b = ctx;
	const struct entry *en = &b->found->entries[i];
	const char *key = entry_text(en, "mail");
	const char *id = entry_text(en, "entryUUID");

	if (key == NULL || id == NULL)
		return err_set(e, ERR_INTERNAL, "%s has no address",
			       b->found->dns[i]);
	if (!steps_move(b->store, b->task, kind_of(en), key,
			in_domain(b->task->arena, key, b->to), id,
			text_equal(entry_text(en, schema_former), key), e))
		return passed(e);
	b->moved.items[b->moved.count++] = key;
	return true;
}

bool moving_shift(struct store *port, const struct task *t, const char *from,
		  const char *to, bool *more, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct found *f = arena_alloc(t->arena, sizeof(*f));
	const char *items[AT_ONCE];
	struct batch b = {s, t, f, to, {items, 0}};

	if (!find_next(s, t, from, to, f, e))
		return e->kind == ERR_NOT_FOUND && passed(e);
	if (!abreast(shift_one, &b, f->count, ABREAST, e))
		return false;
	*more = f->count > 0;
	return relink(s, t, &b.moved, to, e);
}

static bool settle_one(void *ctx, size_t i, struct err *e)
{
	struct batch *b = ctx;
	const struct entry *en = &b->found->entries[i];
	const char *key = entry_text(en, "mail");

	return key == NULL ||
	       steps_settle_at(b->store, b->task, kind_of(en), key, e) ||
	       passed(e);
}

bool moving_arrive(struct store *port, const struct task *t, const char *from,
		   const char *to, bool *more, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	struct found *f = arena_alloc(a, sizeof(*f));
	const char *items[AT_ONCE];
	struct text_list formers = {items, 0};
	struct operation op = {.dn = domain_dn(s, t, to),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_present(a, schema_former),
			       .want = address_wanted};

	(void)from;
	if (!find(s, t, &op, true, f, e))
		return false;
	for (size_t i = 0; i < f->count; i++)
		items[formers.count++] =
			entry_text(&f->entries[i], schema_former);
	if (!relink(s, t, &formers, to, e))
		return false;
	struct batch b = {.store = s, .task = t, .found = f};
	if (!abreast(settle_one, &b, f->count, ABREAST, e))
		return false;
	*more = f->count > 0;
	return true;
}

/* Alias domains, and API keys that are for the domain. */
static bool retarget(struct ldap_store *s, const struct task *t,
		     const char *from, const char *to, bool *more,
		     struct err *e)
{
	static const char *const want[] = {"provostTargetDomain",
					   "provostKeyDomain", NULL};
	struct arena *a = t->arena;
	struct found *f = arena_alloc(a, sizeof(*f));
	const char *any[] = {schema_target_filter(a, from),
			     filter_and(a,
					filter_equal(a, "objectClass",
						     "provostApiKey"),
					filter_equal(a, key_domain, from))};
	struct operation op = {.dn = s->set->base,
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = filter_any(a, any, COUNT(any)),
			       .want = want};

	if (!find(s, t, &op, true, f, e))
		return false;
	for (size_t i = 0; i < f->count; i++) {
		bool is_key = entry_text(&f->entries[i], target) == NULL;
		const char *name = is_key ? key_domain : target;
		LDAPMod *mods[] = {one(a, LDAP_MOD_DELETE, name, from),
				   one(a, LDAP_MOD_ADD, name, to), NULL};

		/* Who may not change it, or was not quick enough, leaves it. */
		if (modify(s, t, f->dns[i], mods, NULL, e))
			*more = true;
		else if (e->kind != ERR_DENIED && e->kind != ERR_NOT_FOUND &&
			 e->kind != ERR_INVALID && e->kind != ERR_EXISTS)
			return false;
		err_clear(e);
	}
	return true;
}

/* Addresses that nobody shall get yet are held at the new name, too: mail to
 * the old one leads there. */
static bool follow_held(struct ldap_store *s, const struct task *t,
			const char *from, const char *to, bool *more,
			struct err *e)
{
	static const char *const want[] = {"mail", "provostExpires", NULL};
	struct arena *a = t->arena;
	struct found *f = arena_alloc(a, sizeof(*f));
	struct operation op = {.dn = schema_retired_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_within(a, "mail", from),
			       .want = want};

	if (!find(s, t, &op, false, f, e))
		return false;
	for (size_t i = 0; i < f->count; i++) {
		struct operation gone = {.kind = OPERATION_DELETE,
					 .dn = f->dns[i]};
		const char *key = entry_text(&f->entries[i], "mail");
		const char *until = entry_text(&f->entries[i], schema_expires);

		if (key == NULL || until == NULL)
			continue;
		if (!naming_hold(&s->port, t, in_domain(a, key, to),
				 map_instant(a, until), e) ||
		    (!store_run(s, t, &gone, s->set->write_seconds, key, e) &&
		     !passed(e)))
			return false;
	}
	*more = *more || f->count > 0;
	return true;
}

bool moving_follow(struct store *port, const struct task *t, const char *from,
		   const char *to, bool *more, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *items[] = {arena_join(t->arena, "@", from, NULL)};
	const struct text_list whole = {items, COUNT(items)};

	return relink(s, t, &whole, to, e) &&
	       retarget(s, t, from, to, more, e) &&
	       follow_held(s, t, from, to, more, e);
}

static bool same_values(const struct berval *a, const struct berval *b)
{
	size_t i = 0;

	for (; a[i].bv_val != NULL && b[i].bv_val != NULL; i++) {
		if (strcmp(a[i].bv_val, b[i].bv_val) != 0)
			return false;
	}
	return a[i].bv_val == b[i].bv_val;
}

/* What the new one lacks of the old one, and has beyond it; NULL: nothing. */
static LDAPMod **difference(struct arena *a, const struct entry *old,
			    const struct entry *now)
{
	size_t room = old->count + now->count + 1, n = 0;
	LDAPMod **mods = arena_alloc(a, room * sizeof(*mods));

	for (size_t i = 0; i < old->count; i++) {
		const struct attribute *at = &old->attributes[i];
		const struct berval *has = entry_values(now, at->name);

		if (!is_its_own(at->name) &&
		    (has == NULL || !same_values(at->values, has)))
			mods[n++] = map_mod(a, LDAP_MOD_REPLACE, at->name,
					    texts(a, at->values));
	}
	for (size_t i = 0; i < now->count; i++) {
		const char *name = now->attributes[i].name;

		if (!is_its_own(name) && entry_values(old, name) == NULL)
			mods[n++] = map_mod(a, LDAP_MOD_REPLACE, name, NULL);
	}
	mods[n] = NULL;
	return n > 0 ? mods : NULL;
}

static LDAPMod **alias_now(struct arena *a, const struct entry *en,
			   const char *to)
{
	static const char *const of_users[] = {"provostDefaultQuotaBytes",
					       "provostQuotaBytes",
					       "provostMaxUsers",
					       "provostMaxAliases"};
	LDAPMod **mods = arena_alloc(a, (COUNT(of_users) + 3) * sizeof(*mods));
	size_t n = 0;

	mods[n++] = one(a, LDAP_MOD_REPLACE, kind_attribute, "alias");
	mods[n++] = one(a, LDAP_MOD_REPLACE, target, to);
	for (size_t i = 0; i < COUNT(of_users); i++) {
		if (entry_values(en, of_users[i]) != NULL)
			mods[n++] =
				map_mod(a, LDAP_MOD_REPLACE, of_users[i], NULL);
	}
	mods[n] = NULL;
	return mods;
}

bool moving_turn(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	struct entry old, now;

	if (!read_domain(s, t, from, &old, e))
		return passed(e); /* somebody has deleted it */
	if (!is_local(&old, to))
		return true;
	if (!read_domain(s, t, to, &now, e))
		return false;
	LDAPMod **mods = difference(a, &old, &now);
	if ((mods == NULL ||
	     modify(s, t, domain_dn(s, t, to), mods, NULL, e)) &&
	    modify(s, t, domain_dn(s, t, from), alias_now(a, &old, to),
		   entry_text(&old, schema_guard), e))
		return true;
	return e->kind == ERR_CHANGED &&
	       err_set(e, ERR_LIMIT, "%s is changed by others", from);
}

bool moving_part(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e)
{
	struct ldap_store *s = store_self(port);
	LDAPMod *mods[] = {map_mod(t->arena, LDAP_MOD_REPLACE, target, NULL),
			   NULL};
	struct entry en;

	if (!read_domain(s, t, to, &en, e))
		return passed(e);
	return !is_local(&en, from) ||
	       (number_hand_over(s, t, from, to, e) &&
		modify(s, t, domain_dn(s, t, to), mods, NULL, e));
}
