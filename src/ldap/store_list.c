#include "ldap/store_list.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/abreast.h"
#include "ldap/filter.h"
#include "ldap/idle.h"
#include "ldap/list.h"
#include "ldap/principal.h"
#include "ldap/reach.h"
#include "ldap/reading.h"
#include "ldap/schema.h"
#include "ldap/sweep.h"
#include "ldap/usage.h"
#include "util/clock.h"

enum {
	KEYS_A_SEARCH = 12,   /* whose records are fetched at once: slapd tries
			       * each entry against each of them */
	PAGE_BYTES = 8 << 20, /* of a list's records, about */
	LIST_READS = 2,       /* a page may take that many times a read... */
	LISTS_READS = 10,     /* ...or that of many domains */
	LEAVE = 1500,         /* milliseconds in which keys become a page, or a
			       * quarter of what there are */
};

/* The keys of a list, and where it had to be given up. */
struct keys {
	struct list *list;
	struct reading reading; /* of records that are found with them */
	size_t before;          /* bytes that are not of the page's records */
	bool many;              /* domains */
	int64_t until;
	const char *ceased; /* or NULL */
};

static const char *is_enabled(struct arena *a, bool wanted)
{
	const char *const any[] = {filter_equal(a, schema_enabled, "TRUE"),
				   filter_equal(a, schema_wish, "TRUE")};
	const char *is = filter_any(a, any, COUNT(any));

	return wanted ? is : filter_not(a, is);
}

static const char *searched(struct arena *a, const struct query *q)
{
	const char *key = schema_of(q->kind)->key;

	if (q->begins)
		return filter_begins(a, key, q->search);
	const char *const any[] = {filter_contains(a, key, q->search),
				   filter_contains(a, schema_name, q->search)};
	return q->kind == KIND_USER ? filter_any(a, any, COUNT(any)) : any[0];
}

/* Where each of two conditions fits more than 65,536 entries, slapd 2.5.13
 * begins with the first entry there is: so of users, who are many, it is told
 * what they are not, which no index knows. */
static const char *beside(struct arena *a, enum kind k)
{
	return k == KIND_USER
		       ? filter_not(a, schema_class_filter(a, KIND_ALIAS))
		       : schema_class_filter(a, k);
}

/* The records of such a class that a query is about. */
static const char *query_filter(struct arena *a, const struct query *q,
				const char *class)
{
	const char *all[4] = {class};
	size_t n = 1;

	if (q->search != NULL)
		all[n++] = searched(a, q);
	if (q->domain_kind != NULL)
		all[n++] = filter_equal(a, schema_domain_kind, q->domain_kind);
	if (q->enabled != NULL)
		all[n++] = is_enabled(a, *q->enabled);
	return n > 1 ? filter_all(a, all, n) : all[0];
}

/* Where to look for a query's answer, and how deep. */
static struct operation searching(struct ldap_store *s, const struct task *t,
				  const struct query *q)
{
	struct arena *a = t->arena;
	bool deep = kind_is_address(q->kind) && q->domain == NULL;

	if (q->kind == KIND_PRINCIPAL)
		return (struct operation){
			.kind = OPERATION_SEARCH,
			.dn = schema_principals_dn(a, s->set->base),
			.scope = LDAP_SCOPE_ONELEVEL,
			.filter = schema_class_filter(a, q->kind)};
	return (struct operation){
		.kind = OPERATION_SEARCH,
		.dn = q->domain != NULL ? schema_dn(a, s->set->base,
						    KIND_DOMAIN, q->domain)
					: schema_domains_dn(a, s->set->base),
		.scope = deep ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_ONELEVEL,
		.filter = schema_class_filter(a, q->kind)};
}

static bool read_own(struct ldap_store *s, const struct task *t,
		     const struct query *q, struct operation *op, struct err *e)
{
	if (q->kind != KIND_PRINCIPAL || e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	op->dn = t->caller->identity;
	op->scope = LDAP_SCOPE_BASE;
	return store_run(s, t, op, s->set->read_seconds, "list", e);
}

/* The entries of some keys. */
static struct operation of_keys(struct ldap_store *s, const struct task *t,
				const struct query *q, const char *const *keys,
				size_t count)
{
	const char *any[KEYS_A_SEARCH];
	struct operation op = searching(s, t, q);

	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(t->arena, schema_of(q->kind)->key,
				      keys[i]);
	op.filter = filter_and(t->arena, filter_any(t->arena, any, count),
			       schema_class_filter(t->arena, q->kind));
	return op;
}

/* What is not in the entries. */
static bool complete(struct ldap_store *s, const struct task *t,
		     const struct query *q, const char *const *keys,
		     size_t count, const struct reading *r, struct err *e)
{
	if (q->kind == KIND_PRINCIPAL)
		return principal_mark(s, t,
				      (struct principal *)(void *)r->records,
				      r->count, e);
	if (q->kind != KIND_USER || !usage_is_there(s, t))
		return true;
	struct operation op = of_keys(s, t, q, keys, count);
	return usage_read(s, t, &op, (struct user *)(void *)r->records,
			  r->count, e);
}

/* The records of some keys, in any order, beside those that are there. */
static bool fetch(struct ldap_store *s, const struct task *t,
		  const struct query *q, const char *const *keys, size_t count,
		  struct reading *r, struct err *e)
{
	struct operation op = of_keys(s, t, q, keys, count);
	struct controls c = store_as_caller(t);

	op.want = map_wanted(r->map, t->arena, schema_guard);
	if (q->hashes)
		op.want = reading_wanted(t->arena, op.want);
	op.controls = control_list(&c);
	op.each = reading_each;
	op.ctx = r;
	r->hashes = q->hashes;
	/* Anywhere else there would be none. */
	if (q->hashes && (s->reading == NULL || !session_is_up(s->reading)))
		return err_set(e, ERR_UNAVAILABLE,
			       "the directory cannot be read for others");
	/* Who may not look among them is shown himself. */
	if (!store_run(s, t, &op, s->set->read_seconds, "list", e) &&
	    !read_own(s, t, q, &op, e))
		return false;
	if (r->err.kind != ERR_NONE)
		*e = r->err;
	return r->err.kind == ERR_NONE;
}

/* The records of a page, some at a time. */
struct fetching {
	struct ldap_store *store;
	const struct task *task;
	const struct query *query;
	const struct list *list;
	const char *const *keys;
	size_t count;
	struct reading *parts;
	size_t enough; /* parts */
	size_t before; /* bytes that are not of the page's records */
};

/* Those that were found on the way; how many keys are left. */
static size_t take_found(const struct fetching *f, const char *const *keys,
			 size_t count, struct reading *r, const char **left)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const void *record = list_record(f->list, keys[i]);

		if (record != NULL)
			memcpy(r->records + r->count++ * r->size, record,
			       r->size);
		else
			left[n++] = keys[i];
	}
	return n;
}

static bool fetch_part(void *ctx, size_t number, struct err *e)
{
	struct fetching *f = ctx;
	const char *const *keys = f->keys + number * KEYS_A_SEARCH;
	size_t count = f->count - number * KEYS_A_SEARCH;
	struct reading *r = &f->parts[number];
	const char *left[KEYS_A_SEARCH];

	if (count > KEYS_A_SEARCH)
		count = KEYS_A_SEARCH;
	size_t n = take_found(f, keys, count, r, left);
	/* A page of very large records is a short page. */
	if (n > 0 && number > 0 &&
	    arena_used(f->task->arena) - f->before > PAGE_BYTES) {
		f->enough = number < f->enough ? number : f->enough;
		return true;
	}
	return (n == 0 || fetch(f->store, f->task, f->query, left, n, r, e)) &&
	       complete(f->store, f->task, f->query, keys, count, r, e);
}

static struct reading *divide(const struct fetching *f, size_t parts,
			      char *records)
{
	const struct schema *schema = schema_of(f->query->kind);
	struct reading *all =
		arena_alloc(f->task->arena, (parts + 1) * sizeof(*all));
	size_t size = kind_rules(f->query->kind)->size;

	for (size_t i = 0; i < parts; i++)
		all[i] = (struct reading){.kind = f->query->kind,
					  .map = &schema->map,
					  .arena = f->task->arena,
					  .size = size,
					  .records = records +
						     i * KEYS_A_SEARCH * size,
					  .room = KEYS_A_SEARCH};
	return all;
}

/* Some may have gone meanwhile. */
static size_t close_up(const struct fetching *f, char *records)
{
	size_t size = kind_rules(f->query->kind)->size, count = 0;

	for (size_t i = 0; i < f->enough; i++) {
		const struct reading *r = &f->parts[i];

		memmove(records + count * size, r->records, r->count * size);
		count += r->count;
	}
	return count;
}

static int by_key(const void *a, const void *b, void *kind)
{
	const enum kind *k = kind;

	return strcmp(kind_key(*k, a), kind_key(*k, b));
}

static bool fetch_all(struct fetching *f, struct page *ret, struct err *e)
{
	size_t parts = (f->count + KEYS_A_SEARCH - 1) / KEYS_A_SEARCH;
	size_t size = kind_rules(f->query->kind)->size;
	char *records =
		arena_alloc(f->task->arena, (parts * KEYS_A_SEARCH + 1) * size);
	enum kind kind = f->query->kind;

	f->enough = parts;
	f->parts = divide(f, parts, records);
	if (!abreast(fetch_part, f, parts, ABREAST, e))
		return false;
	ret->count = close_up(f, records);
	ret->records = records;
	if (ret->count > 0)
		qsort_r(records, ret->count, size, by_key, &kind);
	if (f->enough < parts) {
		ret->last = f->keys[f->enough * KEYS_A_SEARCH - 1];
		ret->more = true;
	}
	return true;
}

static bool is_wanted(const void *idle, const struct berval *dn)
{
	return idle_wants(idle, dn);
}

/* Of several that were given up, the first counts. */
static void note_end(struct keys *k, const char *ceased)
{
	if (ceased != NULL &&
	    (k->ceased == NULL || strcmp(ceased, k->ceased) < 0))
		k->ceased = ceased;
}

static const char *key_of(const struct keys *k, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct err e = {0};
	struct entry en;

	if (!entry_read(ld, message, a, &en, &e))
		return NULL;
	const char *key = entry_text(&en, schema_of(k->reading.kind)->key);
	return key != NULL ? arena_strdup(k->reading.arena, key) : NULL;
}

/* Whoever is broken may not be on the page, and where records are large they
 * are read one after the other. */
static const void *make(void *ctx, LDAP *ld, LDAPMessage *message,
			const char **key)
{
	struct keys *k = ctx;
	struct reading *r = &k->reading;

	if (arena_used(r->arena) - k->before < PAGE_BYTES) {
		r->records = arena_alloc(r->arena, r->size);
		r->count = 0;
		err_clear(&r->err);
		reading_each(r, ld, message);
		if (r->count > 0) {
			*key = kind_key(r->kind, r->records);
			return r->records;
		}
	}
	*key = key_of(k, ld, message);
	return NULL;
}

/* Of many domains a page has little of each.  Hashes are asked for on one
 * connection alone. */
static void want_records(struct keys *k, const struct query *q, struct sweep *w)
{
	if (k->many || q->kind == KIND_PRINCIPAL || q->hashes)
		return;
	w->want = map_wanted(k->reading.map, k->reading.arena, schema_guard);
	w->make = make;
	w->maker = k;
}

/* What an index finds, whether it is wanted or not; NULL: that is all. */
static const char *everything(struct arena *a, const struct query *q,
			      const char *class)
{
	struct query any = *q;

	any.search = q->begins ? q->search : NULL;
	any.enabled = NULL;
	any.domain_kind = NULL;
	return any.search == q->search && q->enabled == NULL &&
			       q->domain_kind == NULL && q->idle_since == NULL
		       ? NULL
		       : query_filter(a, &any, class);
}

static int64_t end_of(struct ldap_store *s, const struct task *t, int reads)
{
	int64_t now = clock_now(), left = t->deadline - now;
	int64_t most = s->set->read_seconds * reads * 1000;

	left -= left / 4 < LEAVE ? left / 4 : LEAVE;
	return now + (left < most ? left : most);
}

/* Keys of one domain, or of all that the caller may see everything of. */
static bool collect(struct ldap_store *s, const struct task *t,
		    const struct query *q, struct keys *k, struct err *e)
{
	struct operation op = searching(s, t, q);
	struct controls c = store_as_caller(t);
	CLEANUP(idle_free) struct idle *idle = NULL;
	struct sweep w = {.op = &op,
			  .attribute = schema_of(q->kind)->key,
			  .wants = is_wanted,
			  .list = k->list,
			  .after = q->after,
			  .limit = q->limit,
			  .dotless = q->kind == KIND_PRINCIPAL,
			  .until = k->until};

	op.limit = OPERATION_ALL;
	op.controls = control_list(&c);
	if (!idle_find(s, t, q, &op, &idle, e))
		return false;
	if (idle != NULL) /* that took its time, for each page anew */
		w.until = end_of(s, t, LIST_READS);
	w.ctx = idle;
	const char *class = schema_class_filter(t->arena, q->kind);
	const char *other = beside(t->arena, q->kind);
	op.filter = idle_filter(t->arena, q, query_filter(t->arena, q, class));
	w.beside = idle_filter(t->arena, q, query_filter(t->arena, q, other));
	w.all = everything(t->arena, q, other);
	want_records(k, q, &w);
	if (!sweep(s, t, &w, e))
		return false;
	note_end(k, w.ceased);
	return true;
}

/* The domains to look in, or of domains those that are wanted. */
static bool reach(struct ldap_store *s, const struct task *t,
		  const struct query *q, struct text_list *ret, struct err *e)
{
	const char *which =
		q->kind == KIND_DOMAIN
			? query_filter(t->arena, q,
				       schema_class_filter(t->arena, q->kind))
			: NULL;

	if (q->within != NULL)
		return reach_among(s, t, q->within, which, ret, e);
	if (reach_find(s, t, which, ret, e))
		return true;
	/* That none is as he wants it does not mean that there is none. */
	if (e->kind != ERR_NOT_FOUND || which == NULL)
		return false;
	err_clear(e);
	if (!reach_find(s, t, NULL, ret, e))
		return false;
	ret->count = 0;
	return true;
}

/* A search of the whole directory would cost the same for who sees little of
 * it: only the domains that he has a role in are looked at. */
static bool collect_reach(struct ldap_store *s, const struct task *t,
			  const struct query *q, struct keys *k, struct err *e)
{
	struct query part = *q;
	struct text_list domains;

	if (!reach(s, t, q, &domains, e))
		return false;
	k->many = domains.count > 1;
	for (size_t i = 0; i < domains.count; i++) {
		if (q->kind == KIND_DOMAIN) {
			list_add(k->list, domains.items[i]);
			continue;
		}
		part.domain = domains.items[i];
		/* One may have been taken away meanwhile. */
		if (!collect(s, t, &part, k, e) && e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	return true;
}

/* Who may not look among principals finds himself. */
static bool collect_principals(struct ldap_store *s, const struct task *t,
			       const struct query *q, struct keys *k,
			       struct err *e)
{
	if (collect(s, t, q, k, e))
		return true;
	if (e->kind != ERR_NOT_FOUND || strchr(t->caller->login, '@') != NULL)
		return false;
	err_clear(e);
	list_add(k->list, t->caller->login);
	return true;
}

/* A short list must never pass for the whole. */
static void found(const struct keys *k, struct fetching *f, struct page *page)
{
	f->keys = list_keys(k->list, &f->count, &page->more);
	while (k->ceased != NULL && f->count > 0 &&
	       strcmp(f->keys[f->count - 1], k->ceased) > 0) {
		f->count--;
		page->more = false;
	}
	page->last = f->count > 0 ? f->keys[f->count - 1] : NULL;
	if (k->ceased != NULL && !page->more) {
		page->more = true;
		page->last = k->ceased;
	}
}

/* That a domain is not there, or not for him, is told in our words. */
static bool no_domain(const struct query *q, struct err *e)
{
	if (q->domain == NULL || e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return err_set(e, ERR_NOT_FOUND, "there is no domain %s", q->domain);
}

/* The sorted keys of a page. */
static bool find_keys(struct ldap_store *s, const struct task *t,
		      const struct query *q, struct keys *k, struct err *e)
{
	bool all = q->domain != NULL;

	if (q->kind == KIND_PRINCIPAL)
		return collect_principals(s, t, q, k, e);
	if (!all && q->within == NULL &&
	    !reach_is_super_administrator(&s->port, t, &all, e))
		return false;
	k->until = end_of(s, t, all ? LIST_READS : LISTS_READS);
	return all ? collect(s, t, q, k, e) || no_domain(q, e)
		   : collect_reach(s, t, q, k, e);
}

bool store_list(struct store *port, const struct task *t, const struct query *q,
		struct page *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	size_t before = arena_used(t->arena);
	struct keys k = {.list = list_new(t->arena, q->limit, q->after),
			 .reading = {.kind = q->kind,
				     .map = &schema_of(q->kind)->map,
				     .arena = t->arena,
				     .size = kind_rules(q->kind)->size,
				     .room = 1},
			 .before = before,
			 .until = end_of(s, t, LIST_READS)};
	struct fetching f = {.store = s,
			     .task = t,
			     .query = q,
			     .list = k.list,
			     .before = before};

	if (!find_keys(s, t, q, &k, e))
		return false;
	found(&k, &f, ret);
	return fetch_all(&f, ret, e);
}
