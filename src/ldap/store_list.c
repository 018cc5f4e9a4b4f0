#include "ldap/store_list.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/filter.h"
#include "ldap/idle.h"
#include "ldap/list.h"
#include "ldap/principal.h"
#include "ldap/reach.h"
#include "ldap/reading.h"
#include "ldap/schema.h"
#include "ldap/usage.h"

enum {
	KEYS_A_SEARCH = 50,   /* whose records are fetched at once */
	PAGE_BYTES = 8 << 20, /* of a list's records, about */
	LIST_READS = 10,      /* a list may take that many times a read */
};

/* The keys of a list, and whether one could not be read. */
struct keys {
	struct list *list;
	const struct idle *idle; /* who is wanted; NULL: all */
	bool broken;
};

static void each_key(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct berval dn, *values = NULL, name;
	BerElement *ber = NULL;
	struct keys *k = ctx;

	if (ldap_get_dn_ber(ld, message, &ber, &dn) != LDAP_SUCCESS ||
	    ldap_get_attribute_ber(ld, message, ber, &name, &values) !=
		    LDAP_SUCCESS)
		k->broken = true;
	else if (values != NULL && values[0].bv_val != NULL &&
		 idle_wants(k->idle, &dn))
		list_add(k->list, values[0].bv_val);
	ber_memfree(values);
	ber_free(ber, 0);
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

/* The records of some keys, in any order. */
static bool fetch(struct ldap_store *s, const struct task *t,
		  const struct query *q, const char *const *keys, size_t count,
		  struct reading *r, struct err *e)
{
	const char *any[KEYS_A_SEARCH];
	struct operation op = searching(s, t, q);
	struct controls c = store_as_caller(t);

	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(t->arena, schema_of(q->kind)->key,
				      keys[i]);
	op.filter = filter_and(t->arena, op.filter,
			       filter_any(t->arena, any, count));
	op.want = map_wanted(r->map, t->arena, schema_guard);
	op.controls = control_list(&c);
	op.each = reading_each;
	op.ctx = r;
	size_t before = r->count;
	/* Who may not look among them is shown himself. */
	if (!store_run(s, t, &op, s->set->read_seconds, "list", e) &&
	    !read_own(s, t, q, &op, e))
		return false;
	if (r->err.kind != ERR_NONE)
		*e = r->err;
	if (q->kind == KIND_PRINCIPAL && r->err.kind == ERR_NONE &&
	    !principal_mark(s, t,
			    (struct principal *)(void *)r->records + before,
			    r->count - before, e))
		return false;
	return r->err.kind == ERR_NONE &&
	       (q->kind != KIND_USER || !usage_is_there(s, t) ||
		usage_read(s, t, &op,
			   (struct user *)(void *)r->records + before,
			   r->count - before, e));
}

/* Keys of one domain, or of all that the caller may see everything of. */
static bool collect(struct ldap_store *s, const struct task *t,
		    const struct query *q, struct keys *k, struct err *e)
{
	const char *const want[] = {schema_of(q->kind)->key, NULL};
	struct operation op = searching(s, t, q);
	struct controls c = store_as_caller(t);
	CLEANUP(idle_free) struct idle *idle = NULL;

	op.limit = OPERATION_ALL;
	op.controls = control_list(&c);
	if (!idle_find(s, t, q, &op, &idle, e))
		return false;
	k->idle = idle;
	op.want = want;
	op.filter = idle_filter(t->arena, q, op.filter);
	op.each = each_key;
	op.ctx = k;
	op.idle = s->set->read_seconds * 1000;
	if (store_run(s, t, &op, s->set->read_seconds * LIST_READS, "list", e))
		return true;
	if (op.result == LDAP_SIZELIMIT_EXCEEDED)
		err_code(e, ERR_DENIED, "too_many",
			 "there are more than you may list at once");
	return false;
}

/* A search of the whole directory would cost the same for who sees little of
 * it: only the domains that he has a role in are looked at. */
static bool collect_reach(struct ldap_store *s, const struct task *t,
			  const struct query *q, struct keys *k, struct err *e)
{
	struct query part = *q;
	struct text_list domains;

	if (!(q->within != NULL ? reach_among(s, t, q->within, &domains, e)
				: reach_find(s, t, &domains, e)))
		return false;
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
static bool found(const struct keys *k, const char *const **keys, size_t *count,
		  bool *more, struct err *e)
{
	*keys = list_keys(k->list, count, more);
	return !k->broken ||
	       err_set(e, ERR_INTERNAL, "the directory sent a broken entry");
}

/* The sorted keys of a page. */
static bool find_keys(struct ldap_store *s, const struct task *t,
		      const struct query *q, const char *const **keys,
		      size_t *count, bool *more, struct err *e)
{
	struct keys k = {.list = list_new(t->arena, q->limit, q->after)};
	bool all = q->domain != NULL;

	if (q->kind == KIND_PRINCIPAL)
		return collect_principals(s, t, q, &k, e) &&
		       found(&k, keys, count, more, e);
	if (!all && q->within == NULL &&
	    !reach_is_super_administrator(&s->port, t, &all, e))
		return false;
	if (!(all ? collect(s, t, q, &k, e) : collect_reach(s, t, q, &k, e)))
		return false;
	return found(&k, keys, count, more, e);
}

static int by_key(const void *a, const void *b, void *kind)
{
	const enum kind *k = kind;

	return strcmp(kind_key(*k, a), kind_key(*k, b));
}

bool store_list(struct store *port, const struct task *t, const struct query *q,
		struct page *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *const *keys = NULL;
	size_t count = 0, n;

	if (!find_keys(s, t, q, &keys, &count, &ret->more, e))
		return false;
	struct reading r = {.kind = q->kind,
			    .map = &schema_of(q->kind)->map,
			    .arena = t->arena,
			    .size = kind_rules(q->kind)->size,
			    .room = count};
	r.records = arena_alloc(t->arena, count * r.size);
	for (size_t i = 0; i < count; i += n) {
		n = count - i < KEYS_A_SEARCH ? count - i : KEYS_A_SEARCH;
		if (!fetch(s, t, q, keys + i, n, &r, e))
			return false;
		/* A page of very large records is a short page. */
		if (arena_used(t->arena) > PAGE_BYTES && i + n < count) {
			ret->more = true;
			break;
		}
	}
	enum kind kind = q->kind;
	qsort_r(r.records, r.count, r.size, by_key, &kind);
	ret->records = r.records;
	ret->count = r.count;
	return true;
}
