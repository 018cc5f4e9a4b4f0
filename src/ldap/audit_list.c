#include "ldap/audit_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/scope.h"
#include "ldap/audit_newest.h"
#include "ldap/audit_record.h"
#include "ldap/audit_walk.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/places.h"
#include "ldap/reach.h"
#include "ldap/schema.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/random.h"
#include "util/text.h"

enum {
	OBJECT_MAX = 20000,  /* records of one entry */
	LOOK_MILLIS = 1500,  /* that a page takes */
	REQUEST_BEFORE = 60, /* seconds that clocks may differ */
	REQUEST_AFTER = 180, /* that a request may take, besides */
};

static const char csn_end[] = "99999999999999";

/* RFC 3339 as the beginning of an entryCSN. */
static const char *csn_of(struct arena *a, const char *instant)
{
	return arena_strndup(a, map_time(a, instant), 14);
}

static const char *csn_at(struct arena *a, int64_t seconds)
{
	char text[INSTANT_SIZE];

	instant_text(text, seconds);
	return csn_of(a, text);
}

static const char *later(const char *a, const char *b)
{
	return strcmp(a, b) >= 0 ? a : b;
}

/* Between which moments, of all that the query says about that. */
static bool set_bounds(struct audit_walk *w, const struct audit_query *q)
{
	struct arena *a = w->task->arena;
	const char *before[] = {csn_end, q->after,
				q->until != NULL ? csn_of(a, q->until) : NULL,
				NULL};
	int64_t began;

	w->lower = q->since != NULL ? csn_of(a, q->since) : "";
	if (q->request != NULL) {
		if (!random_date(q->request, &began))
			return false;
		w->lower = later(w->lower, csn_at(a, began - REQUEST_BEFORE));
		before[3] = csn_at(a, began + REQUEST_AFTER);
	}
	w->upper = before[0];
	for (size_t i = 1; i < COUNT(before); i++) {
		if (before[i] != NULL && strcmp(before[i], w->upper) < 0)
			w->upper = before[i];
	}
	return true;
}

/* The names that somebody or something may have. */
static const char *filter_of(struct arena *a, const char *base,
			     const char *attribute, const char *name,
			     bool actor)
{
	const char *dns[2] = {schema_login_dn(a, base, name), NULL};
	const char *any[2];
	size_t count = 0;

	if (strchr(name, '@') == NULL)
		dns[1] = actor ? dn_child(a, "cn", name,
					  dn_child(a, "ou", "services", base))
			       : schema_dn(a, base, KIND_DOMAIN, name);
	for (size_t i = 0; i < COUNT(dns); i++) {
		if (dns[i] != NULL)
			any[count++] = filter_equal(a, attribute, dns[i]);
	}
	return count > 0 ? filter_any(a, any, count) : NULL;
}

/* The records of one entry: reqDN is indexed. */
struct history {
	struct audit_walk *walk;
	struct newest newest;
	struct err err;
};

static void each_csn(void *ctx, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct history *h = ctx;
	struct audit_walk *w = h->walk;
	struct entry en;

	if (h->err.kind != ERR_NONE ||
	    !entry_read(ld, message, a, &en, &h->err))
		return;
	const char *csn = entry_text(&en, "entryCSN");
	if (csn != NULL && strcmp(csn, w->lower) >= 0 &&
	    strcmp(csn, w->upper) < 0)
		newest_add(&h->newest, csn);
}

static bool walk_object(struct audit_walk *w, const char *filter, struct err *e)
{
	static const char *const want[] = {"entryCSN", NULL};
	const struct task *t = w->task;
	struct history h = {.walk = w,
			    .newest = newest_of(t->arena, OBJECT_MAX)};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = "cn=accesslog",
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = w->filter == NULL
						 ? filter
						 : filter_and(t->arena, filter,
							      w->filter),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = each_csn,
			       .ctx = &h};

	if (!store_run(w->store, t, &op, w->store->set->read_seconds, "log", e))
		return false;
	if (h.err.kind != ERR_NONE) {
		*e = h.err;
		return false;
	}
	const char *const *csns = newest_sorted(&h.newest);
	if (!audit_walk_fetch(w, csns, h.newest.count, e))
		return false;
	w->more = w->more || h.newest.dropped;
	return true;
}

/* Of somebody who is no super administrator: one of his domains, or
 * himself. */
static bool limit_to(struct audit_walk *w, const struct audit_query *q,
		     const struct places *p, bool *none, struct err *e)
{
	const struct task *t = w->task;
	const char *place = q->object, *at = place;
	bool self = text_equal(q->object, t->caller->login);
	struct places me;

	*none = false;
	if (at != NULL && (at = strchr(at, '@')) != NULL)
		place = at + 1;
	for (size_t i = 0; q->object != NULL && i < p->count; i++) {
		if (strcmp(p->items[i].name, place) == 0) {
			w->lower = later(w->lower, p->items[i].since);
			return true;
		}
	}
	w->unknown = true;
	*none = !self || !scope_covers(t->caller->scope, q->object);
	if (*none)
		return true;
	if (!places_find(w->store, t, t->caller->identity, LDAP_SCOPE_BASE,
			 NULL, &me, e))
		return false;
	*none = me.count == 0;
	if (me.count > 0)
		w->lower = later(w->lower, me.items[0].since);
	return true;
}

/* What records of an address are about, where they do not say it. */
struct classes {
	struct audit_walk *walk;
	struct err err;
};

static void each_class(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct classes *c = ctx;
	struct audit_walk *w = c->walk;
	struct entry en;

	if (c->err.kind != ERR_NONE ||
	    !entry_read(ld, message, w->task->arena, &en, &c->err))
		return;
	const char *mail = entry_text(&en, "mail");
	enum kind k = entry_is_a(&en, "provostUser") ? KIND_USER : KIND_ALIAS;
	for (size_t i = 0; mail != NULL && i < w->count; i++) {
		if (w->records[i].kind == KIND_COUNT &&
		    text_equal(w->records[i].sort, "address") &&
		    text_equal(w->records[i].object, mail))
			w->records[i].kind = k;
	}
}

static void name_fields(struct audit_record *r)
{
	for (size_t i = 0; i < r->change_count; i++) {
		struct audit_change *c = &r->changes[i];
		const struct map_attr *at = schema_of(r->kind)->map.attrs;

		for (; c->attribute != NULL && at->name != NULL; at++) {
			if (c->field == NULL &&
			    text_equal(at->name, c->attribute))
				c->field = &at->field;
		}
	}
}

/* Of those that are still there. */
static bool find_classes(struct audit_walk *w, struct err *e)
{
	static const char *const want[] = {"mail", "objectClass", NULL};
	const struct task *t = w->task;
	const char **any = arena_alloc(t->arena, (w->count + 1) * sizeof(*any));
	struct classes found = {.walk = w};
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (text_equal(w->records[i].sort, "address"))
			any[count++] = filter_equal(t->arena, "mail",
						    w->records[i].object);
	}
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(t->arena,
						       w->store->set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = filter_any(t->arena, any, count),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = each_class,
			       .ctx = &found};
	if (count > 0 &&
	    !store_run(w->store, t, &op, w->store->set->read_seconds, "log", e))
		return false;
	for (size_t i = 0; i < w->count; i++) {
		struct audit_record *r = &w->records[i];

		if (text_equal(r->sort, "address") && r->kind != KIND_COUNT) {
			r->sort = kind_rules(r->kind)->noun;
			name_fields(r);
		}
	}
	return true;
}

/* Where there is no index for it, by domains; a caller without a role is told
 * of himself. */
static bool walk(struct audit_walk *w, const struct audit_query *query,
		 struct err *e)
{
	struct audit_query q = *query;
	const struct task *t = w->task;
	struct arena *a = t->arena;
	const char *base = w->store->set->base;
	struct places p = {.count = 0};
	bool all, none = false;

	if (!reach_is_super_administrator(&w->store->port, t, &all, e))
		return false;
	if (all && t->caller->scope != NULL && !t->caller->scope->everywhere) {
		all = false;
		places_of_key(&p, a, t->caller->scope, q.domain);
	} else if (!all) {
		if (!places_find(w->store, t, schema_domains_dn(a, base),
				 LDAP_SCOPE_ONELEVEL,
				 schema_trail_filter(a, t->caller->identity),
				 &p, e))
			return false;
		places_keep(&p, t->caller->scope, q.domain);
		if (p.count == 0 && q.object == NULL && q.domain == NULL)
			q.object = t->caller->login;
	}
	if (!all) {
		if (q.object != NULL && !limit_to(w, &q, &p, &none, e))
			return false;
		w->places = p.items;
		w->place_count = p.count;
	} else if (q.domain != NULL) {
		const struct place one = {q.domain, ""};

		w->places = arena_copy(a, &one, sizeof(one));
		w->place_count = 1;
	}
	if (q.object == NULL)
		return (!all && p.count == 0) || audit_walk(w, e);
	const char *filter = filter_of(a, base, "reqDN", q.object, false);
	return none || filter == NULL || walk_object(w, filter, e);
}

bool ldap_audit_list(struct store *port, const struct task *t,
		     const struct audit_query *q, struct audit_page *ret,
		     struct err *e)
{
	struct audit_walk w = {.store = store_self(port),
			       .task = t,
			       .limit = q->limit,
			       .request = q->request,
			       .until = clock_now() + LOOK_MILLIS};

	*ret = (struct audit_page){.count = 0};
	if (!set_bounds(&w, q))
		return true; /* no request had such an id */
	if (q->actor != NULL &&
	    (w.filter = filter_of(t->arena, w.store->set->base, "reqAuthzID",
				  q->actor, true)) == NULL)
		return true;
	w.records = arena_alloc(t->arena, q->limit * sizeof(*w.records));
	if (!walk(&w, q, e) || !find_classes(&w, e))
		return false;
	for (size_t i = 0; w.unknown && i < w.count; i++)
		w.records[i].proof = NULL;
	*ret = (struct audit_page){w.records, w.count, w.last,
				   w.more && w.last != NULL};
	return true;
}
