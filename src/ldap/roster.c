#include "ldap/roster.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/abreast.h"
#include "ldap/filter.h"
#include "ldap/number.h"
#include "ldap/reach.h"
#include "ldap/reading.h"
#include "ldap/schema.h"
#include "util/text.h"

enum {
	KEYS_A_SEARCH = 50, /* whose records are fetched at once */
	ROSTER_READS = 10,  /* it may take that many times a read */
	SCRATCH = 1 << 20,  /* bytes of entries that are kept, about */
	IN_ORDER = 50,      /* that few get numbers in the order of their keys;
			     * more do in about that order, and sooner */
};

static const char destination[] = "provostDestination";

/* All rows that there are, without their records. */
struct rows {
	struct arena *arena, *scratch;
	const struct roster_query *query;
	struct roster_row *items;
	size_t count, room;
	struct err err;
};

static void add(struct rows *r, const char *key, const char *part,
		int64_t number)
{
	if (r->count == r->room) {
		size_t room = r->room > 0 ? 2 * r->room : ROSTER_LIMIT_MAX;
		struct roster_row *items =
			arena_alloc(r->arena, room * sizeof(*items));

		if (r->count > 0)
			memcpy(items, r->items, r->count * sizeof(*items));
		r->items = items;
		r->room = room;
	}
	r->items[r->count++] =
		(struct roster_row){.number = number,
				    .key = key,
				    .part = part != NULL
						    ? arena_strdup(r->arena,
								   part)
						    : NULL};
}

static void add_entry(struct rows *r, const struct entry *en)
{
	const struct roster_query *q = r->query;
	const char *key = entry_text(en, schema_of(q->kind)->key);
	const char *number = entry_text(en, number_attribute);
	int64_t n = NUMBER_NONE;
	size_t count;

	if (key == NULL)
		return;
	key = text_lower(r->arena, key);
	if (q->kind != KIND_ALIAS) {
		if (number != NULL)
			text_number(number, 1, INT64_MAX, &n);
		add(r, key, NULL, n);
		return;
	}
	const struct number_row *rows =
		number_read_rows(r->scratch, en, &count);
	for (size_t i = 0; i < count; i++) {
		if (q->destination == NULL ||
		    strcmp(q->destination, rows[i].part) == 0)
			add(r, key, rows[i].part, rows[i].number);
	}
}

static void each_row(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct rows *r = ctx;
	struct entry en;

	if (r->err.kind != ERR_NONE)
		return;
	if (arena_used(r->scratch) > SCRATCH) {
		arena_free(r->scratch);
		r->scratch = arena_new();
	}
	if (!entry_read(ld, message, r->scratch, &en, &r->err))
		return;
	add_entry(r, &en);
	if (r->count > ROSTER_MAX)
		err_code(&r->err, ERR_DENIED, "too_many",
			 "there are more than may be listed by number: ask for "
			 "those of one domain");
}

static struct operation searching(struct ldap_store *s, const struct task *t,
				  const struct roster_query *q,
				  const char *domain)
{
	struct arena *a = t->arena;
	bool deep = q->kind != KIND_DOMAIN && domain == NULL;
	const char *filter =
		q->forwards ? filter_and(a, filter_present(a, destination),
					 number_rows_filter(a))
			    : schema_class_filter(a, q->kind);

	if (q->key != NULL)
		filter = filter_and(a,
				    filter_equal(a, schema_of(q->kind)->key,
						 q->key),
				    filter);
	if (q->destination != NULL)
		filter =
			filter_and(a,
				   filter_equal(a, destination, q->destination),
				   filter);
	return (struct operation){
		.kind = OPERATION_SEARCH,
		.dn = domain != NULL
			      ? schema_dn(a, s->set->base, KIND_DOMAIN, domain)
			      : schema_domains_dn(a, s->set->base),
		.scope = q->kind == KIND_DOMAIN && domain != NULL
				 ? LDAP_SCOPE_BASE
			 : deep ? LDAP_SCOPE_SUBTREE
				: LDAP_SCOPE_ONELEVEL,
		.filter = filter,
		.limit = OPERATION_ALL};
}

/* Of one domain, or of all. */
static bool collect(struct ldap_store *s, const struct task *t,
		    const char *domain, struct rows *r, struct err *e)
{
	const struct roster_query *q = r->query;
	const char *const want[] = {schema_of(q->kind)->key, number_attribute,
				    q->kind == KIND_ALIAS ? number_rows : NULL,
				    destination, NULL};
	struct operation op = searching(s, t, q, domain);
	struct controls c = store_as_caller(t);

	op.want = want;
	op.controls = control_list(&c);
	op.each = each_row;
	op.ctx = r;
	op.idle = s->set->read_seconds * 1000;
	r->scratch = arena_new();
	bool good = store_run(s, t, &op, s->set->read_seconds * ROSTER_READS,
			      "roster", e);
	arena_free(r->scratch);
	r->scratch = NULL;
	if (good && r->err.kind != ERR_NONE)
		*e = r->err;
	return good && r->err.kind == ERR_NONE;
}

/* One may have been taken away meanwhile. */
static bool collect_some(struct ldap_store *s, const struct task *t,
			 const struct text_list *domains, struct rows *r,
			 struct err *e)
{
	for (size_t i = 0; i < domains->count; i++) {
		if (!collect(s, t, domains->items[i], r, e) &&
		    e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	return true;
}

/* As for other lists: who sees little is asked for no more. */
static bool collect_all(struct ldap_store *s, const struct task *t,
			struct rows *r, struct err *e)
{
	const struct roster_query *q = r->query;
	const char *names[] = {q->domain};
	const struct text_list one = {names, 1};
	struct text_list domains;
	bool all;

	if (q->domain != NULL)
		return collect_some(s, t, &one, r, e);
	if (!reach_is_super_administrator(&s->port, t, &all, e))
		return false;
	if (all && q->within == NULL)
		return collect(s, t, NULL, r, e);
	if (!(q->within != NULL
		      ? reach_among(s, t, q->within, NULL, &domains, e)
		      : reach_find(s, t, NULL, &domains, e)))
		return e->kind == ERR_NOT_FOUND;
	return collect_some(s, t, &domains, r, e);
}

/* What has no number yet comes last: what it gets is greater than all. */
static int compare(const void *one, const void *other, void *query)
{
	const struct roster_row *a = one, *b = other;
	const struct roster_query *q = query;
	int order = 0;

	if (!q->by_key && a->number != b->number)
		order = b->number == NUMBER_NONE   ? -1
			: a->number == NUMBER_NONE ? 1
			: a->number < b->number    ? -1
						   : 1;
	if (order == 0)
		order = strcmp(a->key, b->key);
	if (order == 0 && a->part != NULL)
		order = strcmp(a->part, b->part);
	return q->backwards ? -order : order;
}

struct giving {
	struct ldap_store *store;
	const struct task *task;
	enum kind kind;
	struct roster_row **rows;
};

/* One that is gone meanwhile has none, and is left out. */
static bool give(void *ctx, size_t i, struct err *e)
{
	const struct giving *g = ctx;
	struct roster_row *row = g->rows[i];

	if (number_of(&g->store->port, g->task, g->kind, row->key, row->part,
		      NUMBER_NONE, &row->number, e))
		return true;
	row->number = NUMBER_NONE;
	if (e->kind == ERR_NOT_FOUND)
		err_clear(e);
	return e->kind == ERR_NONE;
}

/* Side by side, but for the rows of one alias: they are written together by the
 * first, and the others find theirs. */
static bool give_numbers(struct ldap_store *s, const struct task *t,
			 enum kind k, struct roster *ret, struct err *e)
{
	size_t size = (ret->count + 1) * sizeof(struct roster_row *), later = 0;
	struct giving g = {.store = s,
			   .task = t,
			   .kind = k,
			   .rows = arena_alloc(t->arena, size)};
	struct giving rest = g;
	size_t first = 0;

	rest.rows = arena_alloc(t->arena, size);
	for (size_t i = 0; i < ret->count; i++) {
		struct roster_row *row = &ret->rows[i];

		if (row->number != NUMBER_NONE)
			continue;
		if (first > 0 && row->part != NULL &&
		    strcmp(g.rows[first - 1]->key, row->key) == 0)
			rest.rows[later++] = row;
		else
			g.rows[first++] = row;
	}
	unsigned at_once = first > IN_ORDER ? ABREAST : 1;
	return abreast(give, &g, first, at_once, e) &&
	       abreast(give, &rest, later, ABREAST, e);
}

static int by_key(const void *a, const void *b, void *kind)
{
	const enum kind *k = kind;

	return strcmp(kind_key(*k, a), kind_key(*k, b));
}

static bool fetch_some(struct ldap_store *s, const struct task *t,
		       const struct roster_row *rows, size_t count,
		       struct reading *r, struct err *e)
{
	const struct roster_query every = {.kind = r->kind};
	struct operation op = searching(s, t, &every, NULL);
	struct controls c = store_as_caller(t);
	const char *any[KEYS_A_SEARCH];

	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(t->arena, schema_of(r->kind)->key,
				      rows[i].key);
	op.filter = filter_and(t->arena, filter_any(t->arena, any, count),
			       op.filter);
	op.want = map_wanted(r->map, t->arena, schema_guard);
	op.controls = control_list(&c);
	op.each = reading_each;
	op.ctx = r;
	if (!store_run(s, t, &op, s->set->read_seconds, "roster", e))
		return false;
	if (r->err.kind != ERR_NONE)
		*e = r->err;
	return r->err.kind == ERR_NONE;
}

static const void *record_of(const struct reading *r, const char *key)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const void *at = r->records + mid * r->size;
		int order = strcmp(kind_key(r->kind, at), key);

		if (order == 0)
			return at;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The records of a page's rows; a row whose record is gone goes, too. */
static bool fetch(struct ldap_store *s, const struct task *t, enum kind k,
		  struct roster *ret, struct err *e)
{
	struct reading r = {.kind = k,
			    .map = &schema_of(k)->map,
			    .arena = t->arena,
			    .size = kind_rules(k)->size,
			    .room = ret->count};
	size_t kept = 0, n;

	r.records = arena_alloc(t->arena, (ret->count + 1) * r.size);
	for (size_t i = 0; i < ret->count; i += n) {
		n = ret->count - i < KEYS_A_SEARCH ? ret->count - i
						   : KEYS_A_SEARCH;
		if (!fetch_some(s, t, ret->rows + i, n, &r, e))
			return false;
	}
	qsort_r(r.records, r.count, r.size, by_key, &k);
	for (size_t i = 0; i < ret->count; i++) {
		struct roster_row row = ret->rows[i];

		row.record = record_of(&r, row.key);
		if (row.record != NULL && row.number != NUMBER_NONE)
			ret->rows[kept++] = row;
	}
	ret->count = kept;
	return true;
}

/* Of an alias there is nothing to know but the row. */
static bool keep_numbered(struct roster *ret)
{
	size_t kept = 0;

	for (size_t i = 0; i < ret->count; i++) {
		if (ret->rows[i].number != NUMBER_NONE)
			ret->rows[kept++] = ret->rows[i];
	}
	ret->count = kept;
	return true;
}

bool roster_read(struct store *port, const struct task *t,
		 const struct roster_query *q, struct roster *ret,
		 struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct rows r = {.arena = t->arena, .query = q};
	struct roster_query order = *q;

	*ret = (struct roster){0};
	if (!collect_all(s, t, &r, e))
		return false;
	err_clear(e);
	if (r.count > 0)
		qsort_r(r.items, r.count, sizeof(*r.items), compare, &order);
	ret->total = r.count;
	if (q->offset >= r.count)
		return true;
	ret->rows = r.items + q->offset;
	ret->count =
		r.count - q->offset < q->limit ? r.count - q->offset : q->limit;
	if (!give_numbers(s, t, q->kind, ret, e))
		return false;
	qsort_r(ret->rows, ret->count, sizeof(*ret->rows), compare, &order);
	return q->kind == KIND_ALIAS ? keep_numbered(ret)
				     : fetch(s, t, q->kind, ret, e);
}
