#include "ldap/trash.h"

#include <string.h>

#include "core/trash.h"
#include "ldap/aside.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/reach.h"
#include "ldap/reading.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	IDS_A_SEARCH = 50, /* whose entries are fetched at once */
	OVERDUE = 20,      /* that one call tells */
	ANNOUNCED = 3600,  /* seconds until what did not follow never will */
	SEARCH_FACTOR = 5, /* a search may take that many times a read */
};

static const char id_name[] = "provostJournalId",
		  kind_name[] = "provostTrashKind",
		  domain_name[] = "provostDomainName",
		  sponsor_name[] = "provostSponsor";

/* clang-format off */
#define F(member) FIELD(struct trashed, member)
static const struct map_attr attrs[] = {
	{"provostJournalId",   F(id),               MAP_MUST},
	{"provostTrashKind",   F(kind),             MAP_MUST},
	{"provostTrashKey",    F(key),              MAP_MUST},
	{"provostDomainName",  F(domain),           MAP_MUST},
	{"provostTrashDomain", F(domain_id),        0},
	{"provostTrashBy",     F(by),               0},
	{"provostExpires",     F(until),            MAP_MUST | MAP_TIME},
	{"provostSponsor",     F(sponsor_identity), 0},
	{"createTimestamp",    F(at),               MAP_READ_ONLY | MAP_TIME},
	{NULL,                 {0, 0},              0},
};
#undef F
/* clang-format on */

static const char *const classes[] = {"provostTrash", NULL};
static const struct map map = {classes, "provostTrash", attrs};

static const char *class_filter(struct arena *a)
{
	return filter_equal(a, "objectClass", map.class);
}

/* Something lies below it: what was announced by somebody who died over it
 * cannot be restored. */
static const char *filled_filter(struct arena *a)
{
	return filter_and(a, class_filter(a),
			  filter_equal(a, "hasSubordinates", "TRUE"));
}

static bool set_until(struct ldap_store *s, const struct task *t,
		      const char *id, const char *until, struct err *e)
{
	struct arena *a = t->arena;
	char *values[] = {map_time(a, until), NULL};
	LDAPMod *mods[] = {map_mod(a, LDAP_MOD_REPLACE, schema_expires, values),
			   NULL};
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_plan_dn(a, s->set->base, id),
			       .mods = mods};

	return store_run(s, t, &op, s->set->write_seconds, id, e);
}

bool ldap_trash_keep(struct store *port, const struct task *t, const char *id,
		     const char *until, struct err *e)
{
	return set_until(store_self(port), t, id, until, e);
}

/* Its entry, which an earlier try may have left. */
static bool announce(struct ldap_store *s, const struct task *t,
		     const struct trashed *x, struct err *e)
{
	for (bool again = false;; again = true) {
		struct operation op = {.kind = OPERATION_ADD,
				       .dn = schema_plan_dn(t->arena,
							    s->set->base,
							    x->id),
				       .mods = map_add(&map, t->arena, x)};

		if (store_run(s, t, &op, s->set->write_seconds, x->id, e))
			return true;
		if (e->kind != ERR_EXISTS)
			return false;
		err_clear(e);
		if (set_until(s, t, x->id, x->until, e))
			return true;
		/* Taken back in that moment. */
		if (e->kind != ERR_NOT_FOUND || again)
			return false;
		err_clear(e);
	}
}

/* Nothing is below it, or it stays. */
static void withdraw(struct ldap_store *s, const struct task *t, const char *id)
{
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = schema_plan_dn(t->arena, s->set->base,
						    id)};
	struct err ignored = {0};

	store_run(s, t, &op, s->set->write_seconds, id, &ignored);
}

bool ldap_trash_discard(struct store *port, const struct task *t,
			struct trashed *what, const struct revision *seen,
			struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct trashed x = *what;

	if (!store_look(s, t,
			schema_dn(t->arena, s->set->base, KIND_DOMAIN,
				  x.domain),
			"entryUUID", &x.domain_id, e) ||
	    !announce(s, t, &x, e))
		return false;
	if (aside_put(port, t, trash_kind(x.kind), x.key, x.id, x.id, seen, e))
		return true;
	withdraw(s, t, x.id);
	return false;
}

struct finding {
	struct arena *arena;
	struct trashed *items;
	size_t count, room;
	struct err err;
};

static void each_item(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct finding *f = ctx;
	struct entry en;
	struct trashed *x = &f->items[f->count];

	if (f->count == f->room || f->err.kind != ERR_NONE ||
	    !entry_read(ld, message, f->arena, &en, &f->err))
		return;
	*x = (struct trashed){0};
	if (map_read(&map, f->arena, &en, x, &f->err) &&
	    trash_kind(x->kind) != KIND_COUNT)
		f->count++;
}

static bool search(struct ldap_store *s, const struct task *t,
		   struct operation *op, struct err *e)
{
	struct controls c = store_as_caller(t);

	op->kind = OPERATION_SEARCH;
	op->controls = control_list(&c);
	/* Who sees nothing there sees no place either. */
	if (!store_run(s, t, op, s->set->read_seconds * SEARCH_FACTOR, "trash",
		       e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static bool taken(const struct finding *f, struct err *e)
{
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE;
}

bool ldap_trash_find(struct store *port, const struct task *t, const char *id,
		     struct trashed *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct finding f = {.arena = t->arena, .items = ret, .room = 1};
	struct operation op = {.dn = schema_plan_dn(t->arena, s->set->base, id),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filled_filter(t->arena),
			       .want = map_wanted(&map, t->arena, NULL),
			       .each = each_item,
			       .ctx = &f};

	return search(s, t, &op, e) && taken(&f, e) &&
	       (f.count == 1 ||
		err_set(e, ERR_NOT_FOUND, "the trash has no %s", id));
}

/* The places of what is asked for, so many of them. */
struct places {
	struct list *list;
	bool broken;
};

static void each_place(void *ctx, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct places *p = ctx;
	struct trashed x = {0};
	struct entry en;
	struct err bad = {0};

	if (!entry_read(ld, message, a, &en, &bad)) {
		p->broken = true;
		return;
	}
	const char *until = entry_text(&en, schema_expires);
	x.id = entry_text(&en, id_name);
	if (until == NULL || x.id == NULL)
		return;
	x.until = map_instant(a, until);
	list_add(p->list, trash_place(a, &x));
}

/* Of those domains, or what he sponsors. */
static const char *domains_filter(struct arena *a,
				  const struct text_list *domains,
				  const char *sponsor)
{
	const char **any = arena_alloc(a, (domains->count + 1) * sizeof(*any));
	size_t count = 0;

	for (size_t i = 0; i < domains->count; i++)
		any[count++] = filter_equal(a, domain_name, domains->items[i]);
	if (sponsor != NULL)
		any[count++] = filter_equal(a, sponsor_name, sponsor);
	return count > 0 ? filter_any(a, any, count) : NULL;
}

/* A search of it all would cost the same for who sees little of it.  NULL: he
 * sees nothing. */
static bool filter_of(struct ldap_store *s, const struct task *t,
		      const struct trash_query *q, const char **ret,
		      struct err *e)
{
	struct arena *a = t->arena;
	const char *filter =
		filter_and(a, filled_filter(a),
			   filter_from(a, schema_expires, map_time(a, q->now)));
	struct text_list domains = {&(const char *){q->domain}, 1};
	const char *part = NULL;
	bool all = false;

	if (q->kind != NULL)
		filter = filter_and(a, filter,
				    filter_equal(a, kind_name, q->kind));
	if (q->within != NULL)
		filter = filter_and(a, filter,
				    domains_filter(a, q->within, NULL));
	if (q->domain != NULL) {
		part = domains_filter(a, &domains, NULL);
	} else if (!reach_is_super_administrator(&s->port, t, &all, e)) {
		return false;
	} else if (!all) {
		domains = (struct text_list){0};
		if (!reach_find(s, t, NULL, &domains, e) &&
		    e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		part = domains_filter(a, &domains, t->caller->identity);
	}
	*ret = part != NULL ? filter_and(a, filter, part) : filter;
	return true;
}

static const char *const place_wanted[] = {id_name, schema_expires, NULL};

static bool find_places(struct ldap_store *s, const struct task *t,
			const struct trash_query *q, struct places *p,
			struct err *e)
{
	struct operation op = {.dn = schema_journal_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .want = place_wanted,
			       .limit = OPERATION_ALL,
			       .each = each_place,
			       .ctx = p};

	return filter_of(s, t, q, &op.filter, e) && search(s, t, &op, e) &&
	       (!p->broken ||
		err_set(e, ERR_INTERNAL, "the directory sent a broken entry"));
}

/* The items of some places, in any order. */
static bool fetch(struct ldap_store *s, const struct task *t,
		  const char *const *places, size_t count, struct finding *f,
		  struct err *e)
{
	struct arena *a = t->arena;
	const char *any[IDS_A_SEARCH];
	struct operation op = {.dn = schema_journal_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .want = map_wanted(&map, a, NULL),
			       .each = each_item,
			       .ctx = f};

	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(a, id_name, strchr(places[i], ' ') + 1);
	op.filter = filter_and(a, class_filter(a), filter_any(a, any, count));
	return search(s, t, &op, e) && taken(f, e);
}

/* As the places are; what has just gone is left out. */
static void put_in_order(struct arena *a, const char *const *places,
			 size_t count, const struct finding *f,
			 struct trash_page *ret)
{
	ret->items = arena_alloc(a, (f->count + 1) * sizeof(*ret->items));
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < f->count; j++) {
			if (strcmp(strchr(places[i], ' ') + 1,
				   f->items[j].id) == 0)
				ret->items[ret->count++] = f->items[j];
		}
	}
}

bool ldap_trash_list(struct store *port, const struct task *t,
		     const struct trash_query *q, struct trash_page *ret,
		     struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	struct places p = {.list = list_new(a, q->limit, q->after)};
	struct finding f = {.arena = a, .room = q->limit};
	size_t count;

	*ret = (struct trash_page){0};
	if (!find_places(s, t, q, &p, e))
		return false;
	const char *const *places = list_keys(p.list, &count, &ret->more);
	f.items = arena_alloc(a, (q->limit + 1) * sizeof(*f.items));
	for (size_t i = 0; i < count; i += IDS_A_SEARCH) {
		size_t n = count - i < IDS_A_SEARCH ? count - i : IDS_A_SEARCH;

		if (!fetch(s, t, places + i, n, &f, e))
			return false;
	}
	put_in_order(a, places, count, &f, ret);
	return true;
}

bool ldap_trash_record(struct store *port, const struct task *t,
		       struct trashed *x, struct err *e)
{
	struct ldap_store *s = store_self(port);
	enum kind k = trash_kind(x->kind);
	const struct schema *sc = schema_of(k);
	size_t size = kind_rules(k)->size;

	x->record = arena_alloc(t->arena, size);
	memcpy(x->record, kind_rules(k)->defaults, size);
	struct reading r = {.kind = k,
			    .map = &sc->map,
			    .arena = t->arena,
			    .records = x->record,
			    .size = size,
			    .room = 1};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = aside_dn(t->arena, s->set->base, k, x->key,
					      x->id),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = schema_class_filter(t->arena, k),
			       .want = map_wanted(&sc->map, t->arena,
						  schema_guard),
			       .each = reading_each,
			       .ctx = &r};

	if (!store_run(s, t, &op, s->set->read_seconds, x->id, e))
		return false;
	if (r.err.kind != ERR_NONE)
		*e = r.err;
	else if (r.count == 0)
		err_set(e, ERR_NOT_FOUND, "the trash has no %s", x->id);
	return e->kind == ERR_NONE;
}

/* Who has a role in a domain that was deleted, by one of the attributes. */
struct holders {
	struct arena *arena;
	struct entry entry;
	struct err err;
};

static void each_holder(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct holders *h = ctx;

	entry_read(ld, message, h->arena, &h->entry, &h->err);
}

/* He was there when it was deleted, or is in it himself. */
static bool is_the_same(struct ldap_store *s, const struct task *t,
			const struct trashed *x, const char *dn, bool *ret,
			struct err *e)
{
	const char *since;

	*ret = dn_is_below(dn, schema_dn(t->arena, s->set->base, KIND_DOMAIN,
					 x->key));
	if (*ret)
		return true;
	if (!store_look(s, t, dn, schema_created, &since, e))
		return false;
	*ret = since != NULL &&
	       strcmp(map_instant(t->arena, since), x->at) <= 0;
	return true;
}

static bool sift_role(struct ldap_store *s, const struct task *t,
		      const struct trashed *x, const char *attribute,
		      const struct berval *held, LDAPMod **mods, size_t *count,
		      struct err *e)
{
	size_t n = 0, gone = 0;

	while (held != NULL && held[n].bv_val != NULL)
		n++;
	char **values = arena_alloc(t->arena, (n + 1) * sizeof(*values));
	for (size_t i = 0; i < n; i++) {
		bool same;

		if (!is_the_same(s, t, x, held[i].bv_val, &same, e))
			return false;
		if (!same)
			values[gone++] = held[i].bv_val;
	}
	values[gone] = NULL;
	if (gone > 0)
		mods[(*count)++] =
			map_mod(t->arena, LDAP_MOD_DELETE, attribute, values);
	return true;
}

bool ldap_trash_sift(struct store *port, const struct task *t,
		     const struct trashed *x, struct err *e)
{
	static const char *const roles[] = {"provostOwner",
					    "provostAdministrator",
					    "provostViewer", sponsor_name,
					    NULL};
	struct ldap_store *s = store_self(port);
	struct holders h = {.arena = t->arena};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = aside_dn(t->arena, s->set->base,
					      trash_kind(x->kind), x->key,
					      x->id),
			       .scope = LDAP_SCOPE_BASE,
			       .want = roles,
			       .each = each_holder,
			       .ctx = &h};
	LDAPMod *mods[COUNT(roles)];
	size_t count = 0;

	if (!store_run(s, t, &op, s->set->read_seconds, x->id, e))
		return false;
	for (size_t i = 0; roles[i] != NULL; i++) {
		if (!sift_role(s, t, x, roles[i],
			       entry_values(&h.entry, roles[i]), mods, &count,
			       e))
			return false;
	}
	mods[count] = NULL;
	struct operation drop = {.kind = OPERATION_MODIFY,
				 .dn = op.dn,
				 .mods = mods};
	return count == 0 ||
	       store_run(s, t, &drop, s->set->write_seconds, x->id, e);
}

/* Announcements that nothing followed. */
struct empties {
	struct arena *arena;
	const char *dns[OVERDUE], *guards[OVERDUE];
	size_t count;
	struct err err;
};

static void each_empty(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct empties *f = ctx;
	struct entry en;
	char *dn = ldap_get_dn(ld, message);

	if (dn != NULL && f->count < OVERDUE && f->err.kind == ERR_NONE &&
	    entry_read(ld, message, f->arena, &en, &f->err)) {
		f->guards[f->count] = entry_text(&en, schema_guard);
		f->dns[f->count++] = arena_strdup(f->arena, dn);
	}
	ldap_memfree(dn);
}

/* Whoever puts something there after all has written the entry before. */
static bool take_back(struct ldap_store *s, const struct task *t,
		      const struct empties *f, struct err *e)
{
	for (size_t i = 0; i < f->count; i++) {
		struct controls c = {0};

		if (f->guards[i] == NULL)
			continue;
		control_assert(&c, t->arena, schema_guard, f->guards[i]);
		struct operation op = {.kind = OPERATION_DELETE,
				       .dn = f->dns[i],
				       .controls = control_list(&c)};
		if (!store_run(s, t, &op, s->set->write_seconds, "trash", e) &&
		    e->kind != ERR_NOT_FOUND && e->kind != ERR_CHANGED &&
		    e->kind != ERR_CONFLICT)
			return false;
		err_clear(e);
	}
	return true;
}

static bool sweep(struct ldap_store *s, const struct task *t, struct err *e)
{
	static const char *const want[] = {"entryCSN", NULL};
	struct arena *a = t->arena;
	struct empties *f = arena_alloc(a, sizeof(*f));
	const char *filled = filter_equal(a, "hasSubordinates", "TRUE");
	char before[INSTANT_SIZE];

	instant_text(before, clock_seconds() - ANNOUNCED);
	*f = (struct empties){.arena = a};
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = schema_journal_dn(a, s->set->base),
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter =
			 filter_and(a, class_filter(a),
				    filter_and(a, filter_not(a, filled),
					       filter_to(a, "modifyTimestamp",
							 map_time(a, before)))),
		 .want = want,
		 .limit = OPERATION_ALL,
		 .each = each_empty,
		 .ctx = f};

	if (!store_run(s, t, &op, s->set->read_seconds * SEARCH_FACTOR, "trash",
		       e))
		return false;
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE && take_back(s, t, f, e);
}

bool ldap_trash_overdue(struct store *port, const struct task *t,
			const char *now, struct text_list *ids, bool *more,
			struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	struct places p = {.list = list_new(a, OVERDUE, NULL)};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_journal_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter =
				       filter_and(a, class_filter(a),
						  filter_to(a, schema_expires,
							    map_time(a, now))),
			       .want = place_wanted,
			       .limit = OPERATION_ALL,
			       .each = each_place,
			       .ctx = &p};

	if (!sweep(s, t, e) ||
	    !store_run(s, t, &op, s->set->read_seconds * SEARCH_FACTOR, "trash",
		       e))
		return false;
	ids->items = list_keys(p.list, &ids->count, more);
	for (size_t i = 0; i < ids->count; i++)
		ids->items[i] = strchr(ids->items[i], ' ') + 1;
	return true;
}
