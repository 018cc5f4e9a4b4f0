#include "ldap/dkim.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "util/alloc.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	LISTED_MAX = 200, /* of one domain, whoever made them */
	DUE_MAX = 100,    /* that are gone on with at a time */
};

static const char selector_name[] = "provostDkimSelector",
		  domain_name[] = "provostDkimDomain",
		  due_name[] = "provostDkimDue",
		  private_name[] = "provostDkimPrivateKey",
		  key_name[] = "provostDkimKeyName";

/* clang-format off */
#define F(member) FIELD(struct dkim_key, member)
static const struct map_attr dkim_attrs[] = {
	{"provostDkimSelector",   F(selector),     MAP_MUST | MAP_FIXED},
	{"provostDkimDomain",     F(domain),       MAP_MUST | MAP_FIXED},
	{"provostDkimState",      F(state),        MAP_MUST},
	{"provostDkimKeyType",    F(type),         MAP_MUST | MAP_FIXED},
	{"provostDkimKeyBits",    F(bits),         MAP_FIXED},
	{"provostDkimKeyName",    F(key_name),     MAP_READ_ONLY},
	{"provostDkimPublicKey",  F(record),       MAP_READ_ONLY},
	{"provostDkimStaged",     F(staged),       MAP_IF_TRUE},
	{"provostDkimRotateDays", F(rotate_days),  0},
	{"provostDkimDue",        F(due_at),       MAP_TIME},
	{"provostDkimDns",        F(dns),          0},
	{"provostDkimDnsChecked", F(checked_at),   MAP_TIME},
	{"provostDkimPublished",  F(published_at), MAP_TIME},
	{"provostDkimActivated",  F(activated_at), MAP_TIME},
	{"provostDkimRetired",    F(retired_at),   MAP_TIME},
	{"description",           F(description),  0},
	{"createTimestamp",       F(created_at),   MAP_READ_ONLY | MAP_TIME},
	{NULL,                    {0, 0},          0},
};
#undef F
/* clang-format on */

static const char *const classes[] = {"provostDkimKey", NULL};
static const struct map map = {classes, "provostDkimKey", dkim_attrs};

struct ldap_dkim {
	struct dkim_ring port;
	struct ldap_store *store;
};

static struct ldap_store *store_of(struct dkim_ring *r)
{
	return ((struct ldap_dkim *)r)->store;
}

static const char *dn_of(struct ldap_store *s, const struct task *t,
			 const char *domain, const char *selector)
{
	return dn_child(t->arena, selector_name, selector,
			schema_dn(t->arena, s->set->base, KIND_DOMAIN, domain));
}

static const char *own_dn(struct ldap_store *s, const struct task *t,
			  const struct dkim_key *k)
{
	return dn_of(s, t, k->domain, k->selector);
}

/* Whose rights count. */
static struct controls controls_as(const struct task *t, enum dkim_as as)
{
	return as == DKIM_AS_CALLER ? store_as_caller(t)
				    : (struct controls){.count = 0};
}

struct reading_dkim {
	struct arena *arena;
	struct dkim_list list;
	size_t room;
	struct err err;
};

static void each_key(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading_dkim *r = ctx;
	struct dkim_key *k = &r->list.items[r->list.count];
	struct entry en;

	if (r->err.kind != ERR_NONE || r->list.count == r->room ||
	    !entry_read(ld, message, r->arena, &en, &r->err))
		return;
	*k = dkim_defaults;
	if (!map_read(&map, r->arena, &en, k, &r->err))
		return;
	r->list.seen[r->list.count++] =
		(struct revision){.guard = entry_text(&en, schema_guard),
				  .etag = map_digest(&map, r->arena, k)};
}

static bool search(struct ldap_store *s, const struct task *t,
		   struct operation *op, size_t room, struct reading_dkim *r,
		   struct err *e)
{
	*r = (struct reading_dkim){.arena = t->arena, .room = room};
	r->list.items = arena_alloc(t->arena, room * sizeof(*r->list.items));
	r->list.seen = arena_alloc(t->arena, room * sizeof(*r->list.seen));
	op->kind = OPERATION_SEARCH;
	op->want = map_wanted(&map, t->arena, schema_guard);
	op->each = each_key;
	op->ctx = r;
	if (!store_run(s, t, op, s->set->read_seconds, "DKIM keys", e) &&
	    op->result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	err_clear(e);
	if (r->err.kind != ERR_NONE)
		*e = r->err;
	return r->err.kind == ERR_NONE;
}

static const char *class_filter(struct arena *a)
{
	return filter_equal(a, "objectClass", map.class);
}

static bool get_at(struct ldap_store *s, const struct task *t, enum dkim_as as,
		   const char *dn, struct dkim_key *ret, struct revision *rev,
		   struct err *e)
{
	struct controls c = controls_as(t, as);
	struct operation op = {.dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .filter = class_filter(t->arena),
			       .controls = control_list(&c)};
	struct reading_dkim r;

	if (!search(s, t, &op, 1, &r, e))
		return false;
	if (r.list.count == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no such key");
	*ret = r.list.items[0];
	*rev = r.list.seen[0];
	return true;
}

static bool get(struct dkim_ring *port, const struct task *t, enum dkim_as as,
		const char *domain, const char *selector, struct dkim_key *ret,
		struct revision *rev, struct err *e)
{
	struct ldap_store *s = store_of(port);

	return get_at(s, t, as, dn_of(s, t, domain, selector), ret, rev, e);
}

static bool add(struct dkim_ring *port, const struct task *t, enum dkim_as as,
		struct dkim_key *k, struct revision *ret, struct err *e)
{
	struct ldap_store *s = store_of(port);
	struct controls c = controls_as(t, as);
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = own_dn(s, t, k),
			       .mods = map_add(&map, t->arena, k),
			       .controls = control_list(&c)};

	if (!store_run(s, t, &op, s->set->write_seconds, "DKIM key", e))
		return false;
	if (!rehearsal_is(t))
		return get_at(s, t, as, op.dn, k, ret, e);
	*ret = (struct revision){.guard = "",
				 .etag = map_digest(&map, t->arena, k)};
	return true;
}

static LDAPMod *set(struct arena *a, const char *name, const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = value != NULL ? arena_strdup(a, value) : NULL;
	return map_mod(a, LDAP_MOD_REPLACE, name, values);
}

static bool modify(struct ldap_store *s, const struct task *t, const char *dn,
		   LDAPMod **mods, struct err *e)
{
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = dn,
			       .mods = mods};

	return store_run(s, t, &op, s->set->write_seconds, "DKIM key", e);
}

/* All of it or nothing: what has a key name can sign. */
static bool equip(struct dkim_ring *port, const struct task *t,
		  const struct dkim_key *k, const struct dkim_made *made,
		  struct err *e)
{
	struct ldap_store *s = store_of(port);
	struct arena *a = t->arena;
	LDAPMod *mods[] = {
		set(a, private_name, made->stored),
		set(a, "provostDkimPublicKey", made->record),
		set(a, "provostDkimKeyBits",
		    arena_printf(a, "%lld", (long long)made->bits)),
		set(a, key_name, dkim_name(a, k)),
		set(a, due_name,
		    k->due_at != NULL ? map_time(a, k->due_at) : NULL),
		NULL,
	};

	return modify(s, t, own_dn(s, t, k), mods, e);
}

static bool erase(struct dkim_ring *port, const struct task *t,
		  const struct dkim_key *k, struct err *e)
{
	struct ldap_store *s = store_of(port);
	LDAPMod *mods[] = {set(t->arena, private_name, NULL),
			   set(t->arena, key_name, NULL), NULL};

	return modify(s, t, own_dn(s, t, k), mods, e);
}

static int by_age(const void *one, const void *other)
{
	const struct dkim_key *a = *(const struct dkim_key *const *)one,
			      *b = *(const struct dkim_key *const *)other;
	int age = strcmp(a->created_at != NULL ? a->created_at : "",
			 b->created_at != NULL ? b->created_at : "");

	return age != 0 ? age : strcmp(a->selector, b->selector);
}

static int by_due(const void *one, const void *other)
{
	const struct dkim_key *a = *(const struct dkim_key *const *)one,
			      *b = *(const struct dkim_key *const *)other;

	return strcmp(a->due_at != NULL ? a->due_at : "",
		      b->due_at != NULL ? b->due_at : "");
}

/* Each with what was seen of it. */
static void sort(struct arena *a, struct dkim_list *list,
		 int (*order_of)(const void *one, const void *other))
{
	size_t n = list->count;
	const struct dkim_key **order =
		arena_alloc(a, (n + 1) * sizeof(*order));
	struct dkim_list sorted = {
		.items = arena_alloc(a, (n + 1) * sizeof(*sorted.items)),
		.seen = arena_alloc(a, (n + 1) * sizeof(*sorted.seen)),
		.count = n,
	};

	for (size_t i = 0; i < n; i++)
		order[i] = &list->items[i];
	qsort(order, n, sizeof(*order), order_of);
	for (size_t i = 0; i < n; i++) {
		sorted.items[i] = *order[i];
		sorted.seen[i] = list->seen[order[i] - list->items];
	}
	*list = sorted;
}

static bool list(struct dkim_ring *port, const struct task *t, enum dkim_as as,
		 const char *domain, struct dkim_list *ret, struct err *e)
{
	struct ldap_store *s = store_of(port);
	struct controls c = controls_as(t, as);
	struct operation op =
		{.dn = schema_dn(t->arena, s->set->base, KIND_DOMAIN, domain),
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = filter_and(t->arena, class_filter(t->arena),
				      filter_equal(t->arena, domain_name,
						   domain)),
		 .controls = control_list(&c)};
	struct reading_dkim r;

	if (!search(s, t, &op, LISTED_MAX, &r, e))
		return false;
	sort(t->arena, &r.list, by_age);
	*ret = r.list;
	return true;
}

static bool change(struct dkim_ring *port, const struct task *t,
		   enum dkim_as as, const struct dkim_key *old,
		   struct dkim_key *k, const struct revision *seen,
		   struct revision *ret, struct err *e)
{
	struct ldap_store *s = store_of(port);
	struct controls c = controls_as(t, as);

	control_assert(&c, t->arena, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = own_dn(s, t, old),
			       .mods = map_change(&map, t->arena, old, k),
			       .controls = control_list(&c)};
	if (op.mods != NULL &&
	    !store_run(s, t, &op, s->set->write_seconds, "DKIM key", e))
		return false;
	if (!rehearsal_is(t))
		return get_at(s, t, as, op.dn, k, ret, e);
	*ret = (struct revision){.guard = "",
				 .etag = map_digest(&map, t->arena, k)};
	return true;
}

static bool remove_key(struct dkim_ring *port, const struct task *t,
		       enum dkim_as as, const struct dkim_key *k,
		       const struct revision *seen, struct err *e)
{
	struct ldap_store *s = store_of(port);
	struct controls c = controls_as(t, as);

	if (seen != NULL)
		control_assert(&c, t->arena, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = own_dn(s, t, k),
			       .controls = control_list(&c)};

	return store_run(s, t, &op, s->set->write_seconds, "DKIM key", e);
}

static const char *due_filter(struct arena *a, const char *moment)
{
	return filter_to(a, due_name, map_time(a, moment));
}

/* Those that were due at `until` but not at `since`, which may be NULL. */
static bool due_between(struct ldap_store *s, const struct task *t,
			const char *since, const char *until, size_t room,
			struct dkim_list *ret, struct err *e)
{
	const char *filter = due_filter(t->arena, until);
	struct operation op = {.dn = schema_domains_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = filter,
			       .limit = (int)room};
	struct reading_dkim r;

	if (since != NULL)
		op.filter = filter_and(t->arena, filter,
				       filter_not(t->arena,
						  due_filter(t->arena, since)));
	if (!search(s, t, &op, room, &r, e))
		return false;
	*ret = r.list;
	return true;
}

static const char *before(struct arena *a, const char *now, int64_t seconds)
{
	char *text = arena_alloc(a, INSTANT_SIZE);

	instant_text(text, instant_seconds(now) - seconds);
	return text;
}

/* slapd finds the same ones first each time, whatever they are to be sorted by.
 * So it is asked for what has been due for long, then for the rest. */
static bool longest_due(struct ldap_store *s, const struct task *t,
			const char *now, struct dkim_list *ret, struct err *e)
{
	static const int64_t ages[] = {86400, 21600, 3600, 900, 240,
				       60,    15,    4,    0};
	const char *since = NULL;

	ret->count = 0;
	for (size_t i = 0; i < COUNT(ages) && ret->count < DUE_MAX; i++) {
		const char *until = before(t->arena, now, ages[i]);
		struct dkim_list more;

		if (!due_between(s, t, since, until, DUE_MAX - ret->count,
				 &more, e))
			return false;
		for (size_t k = 0; k < more.count; k++, ret->count++) {
			ret->items[ret->count] = more.items[k];
			ret->seen[ret->count] = more.seen[k];
		}
		since = until;
	}
	return true;
}

static bool due(struct dkim_ring *port, const struct task *t, const char *now,
		struct dkim_list *ret, struct err *e)
{
	struct ldap_store *s = store_of(port);

	if (!due_between(s, t, NULL, now, DUE_MAX, ret, e) ||
	    (ret->count == DUE_MAX && !longest_due(s, t, now, ret, e)))
		return false;
	sort(t->arena, ret, by_due);
	return true;
}

static const struct dkim_ring_ops ops = {
	.add = add,
	.equip = equip,
	.erase = erase,
	.get = get,
	.list = list,
	.change = change,
	.remove = remove_key,
	.due = due,
};

struct dkim_ring *ldap_dkim_open(struct store *s)
{
	struct ldap_dkim *r = alloc_zeroed(sizeof(*r));

	r->port.ops = &ops;
	r->store = store_self(s);
	return &r->port;
}

void ldap_dkim_close(struct dkim_ring **r)
{
	free(*r);
	*r = NULL;
}
