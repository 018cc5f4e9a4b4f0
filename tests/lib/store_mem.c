#include "tests/lib/store_mem.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/principal.h"
#include "core/user.h"
#include "tests/lib/sponsor_mem.h"
#include "tests/lib/store_mem_parts.h"
#include "tests/lib/survey_mem.h"
#include "tests/lib/tally_mem.h"
#include "util/text.h"

enum flags {
	OWN = 1 << 0,       /* given by the store, kept by a change */
	SECRET = 1 << 1,    /* never read back */
	FIXED = 1 << 2,     /* written once */
	VOLATILE = 1 << 3,  /* does not count for the etag */
	ELSEWHERE = 1 << 4, /* read, but never written with the record */
};

struct row {
	struct field field;
	unsigned flags;
};

/* clang-format off */
#define OPERATIONAL                                                            \
	{F(id), OWN}, {F(created_at), OWN}, {F(updated_at), OWN | VOLATILE}
#define F(member) FIELD(struct domain, member)
static const struct row domain_rows[] = {
	{F(name), FIXED}, {F(kind), 0}, {F(target), 0}, {F(in_force), 0},
	{F(wished), 0}, {F(transport), 0}, {F(verify_recipients), 0},
	{F(quota_bytes), 0}, {F(max_users), 0}, {F(max_aliases), 0},
	{F(description), 0}, {F(sponsor), 0}, {F(sponsor_identity), 0},
	{F(display_name), 0}, {F(short_display_name), 0}, {F(imap_host), 0},
	{F(pop3_host), 0}, {F(smtp_host), 0}, {F(default_user_quota_bytes), 0},
	OPERATIONAL,
};
#undef F

#define F(member) FIELD(struct user, member)
static const struct row user_rows[] = {
	{F(address), FIXED}, {F(local_part), FIXED}, {F(mailbox_id), FIXED},
	{F(name), 0}, {F(family_name), 0}, {F(given_name), 0}, {F(in_force), 0},
	{F(wished), 0}, {F(quota_messages), 0}, {F(destinations), 0},
	{F(send_as), 0}, {F(send_only), 0}, {F(recovery_address), 0},
	{F(expires_at), 0},
	{F(login_enabled), 0}, {F(quota_bytes), 0}, {F(stored.hash), SECRET},
	{F(quota_used_bytes), OWN | VOLATILE},
	{F(quota_used_messages), OWN | VOLATILE},
	{F(quota_measured_at), OWN | VOLATILE},
	{F(last_login_at), OWN | VOLATILE},
	OPERATIONAL,
};
#undef F

#define F(member) FIELD(struct alias, member)
static const struct row alias_rows[] = {
	{F(address), FIXED}, {F(local_part), FIXED}, {F(destinations), 0},
	{F(in_force), 0}, {F(wished), 0}, {F(send_as_allowed), 0},
	{F(expires_at), 0}, {F(description), 0},
	OPERATIONAL,
};
#undef F

#define F(member) FIELD(struct principal, member)
static const struct row principal_rows[] = {
	{F(login), FIXED}, {F(name), 0}, {F(family_name), 0}, {F(kind), 0},
	{F(enabled), 0}, {F(super_administrator), ELSEWHERE}, {F(reseller), 0},
	{F(max_domains), 0}, {F(max_users), 0}, {F(max_aliases), 0},
	{F(max_deputies), 0}, {F(quota_bytes), 0}, {F(sponsor), 0},
	{F(sponsor_identity), 0}, {F(recovery_address), 0},
	{F(certificates), 0},
	{F(stored.hash), SECRET},
	OPERATIONAL,
};
#undef F
/* clang-format on */

static const struct {
	const struct row *rows;
	size_t count;
} tables[KIND_COUNT] = {
	[KIND_DOMAIN] = {domain_rows, COUNT(domain_rows)},
	[KIND_USER] = {user_rows, COUNT(user_rows)},
	[KIND_ALIAS] = {alias_rows, COUNT(alias_rows)},
	[KIND_PRINCIPAL] = {principal_rows, COUNT(principal_rows)},
};

static void copy_member(struct arena *a, struct field f, const void *from,
			void *to)
{
	const struct text_list *list = field_in(f, from);
	const char *text;

	switch (f.kind) {
	case FIELD_TEXT:
		text = *(const char *const *)field_in(f, from);
		*(const char **)field_at(f, to) =
			text != NULL ? arena_strdup(a, text) : NULL;
		return;
	case FIELD_NUMBER:
		memcpy(field_at(f, to), list, sizeof(int64_t));
		return;
	case FIELD_FLAG:
		memcpy(field_at(f, to), list, sizeof(bool));
		return;
	case FIELD_LIST:
		break;
	}
	struct text_list copy = {arena_alloc(a,
					     list->count * sizeof(*copy.items)),
				 list->count};
	for (size_t i = 0; i < copy.count; i++)
		copy.items[i] = arena_strdup(a, list->items[i]);
	*(struct text_list *)field_at(f, to) = copy;
}

/* Every member but those with one of these flags. */
static void copy_members(struct arena *a, enum kind k, const void *from,
			 void *to, unsigned except)
{
	for (size_t i = 0; i < tables[k].count; i++) {
		const struct row *r = &tables[k].rows[i];

		if (!(r->flags & except))
			copy_member(a, r->field, from, to);
	}
}

static bool same_member(struct field f, const void *one, const void *other)
{
	const void *a = field_in(f, one), *b = field_in(f, other);

	switch (f.kind) {
	case FIELD_TEXT:
		return text_equal(*(const char *const *)a,
				  *(const char *const *)b);
	case FIELD_NUMBER:
		return memcmp(a, b, sizeof(int64_t)) == 0;
	case FIELD_FLAG:
		return memcmp(a, b, sizeof(bool)) == 0;
	case FIELD_LIST:
		break;
	}
	return text_list_equal(*(const struct text_list *)a,
			       *(const struct text_list *)b);
}

static uint64_t mix(uint64_t h, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	h = (h ^ size) * 0x100000001b3u;
	for (size_t i = 0; i < size; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static uint64_t mix_text(uint64_t h, const char *text)
{
	return mix(h, text != NULL ? text : "",
		   text != NULL ? strlen(text) : 0);
}

static uint64_t mix_member(uint64_t h, struct field f, const void *record)
{
	const void *from = field_in(f, record);
	const struct text_list *list = from;

	switch (f.kind) {
	case FIELD_TEXT:
		return mix_text(h, *(const char *const *)from);
	case FIELD_NUMBER:
		return mix(h, from, sizeof(int64_t));
	case FIELD_FLAG:
		return mix(h, from, sizeof(bool));
	case FIELD_LIST:
		break;
	}
	for (size_t i = 0; i < list->count; i++)
		h = mix_text(h, list->items[i]);
	return h;
}

static void revise(struct arena *a, const struct item *it, struct revision *ret)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < tables[it->kind].count; i++) {
		const struct row *r = &tables[it->kind].rows[i];

		if (!(r->flags & (SECRET | VOLATILE)))
			h = mix_member(h, r->field, it->record);
	}
	ret->etag = arena_printf(a, "%016llx", (unsigned long long)h);
	ret->guard = arena_printf(a, "%u", it->guard);
}

const char *store_mem_key(const struct item *it)
{
	return kind_key(it->kind, it->record);
}

struct item *store_mem_find(struct store_mem *s, enum kind k, const char *key)
{
	for (struct item *it = s->items; it != NULL; it = it->next) {
		if (it->plan == NULL && it->kind == k &&
		    strcmp(store_mem_key(it), key) == 0)
			return it;
	}
	return NULL;
}

/* Users and aliases share their names. */
static bool is_taken(struct store_mem *s, enum kind k, const char *key)
{
	if (!kind_is_address(k))
		return store_mem_find(s, k, key) != NULL;
	return store_mem_find(s, KIND_USER, key) != NULL ||
	       store_mem_find(s, KIND_ALIAS, key) != NULL;
}

static bool is_administrator(const struct store_mem *s, const struct task *t)
{
	for (size_t i = 0; i < s->administrator_count; i++) {
		if (strcmp(s->administrators[i], t->caller->identity) == 0)
			return true;
	}
	return false;
}

static bool may_see(const struct store_mem *s, const struct task *t,
		    enum kind k, const char *key)
{
	return is_administrator(s, t) ||
	       (k == KIND_USER && strcmp(key, t->caller->identity) == 0);
}

bool store_mem_is_up(const struct store_mem *s, struct err *e)
{
	return !s->down || err_code(e, ERR_UNAVAILABLE, "directory_down",
				    "the store is down");
}

bool store_mem_may_write(const struct store_mem *s, const struct task *t)
{
	return is_administrator(s, t);
}

bool store_mem_fate(struct store_mem *s, bool *lost, struct err *e)
{
	*lost = false;
	if (!store_mem_is_up(s, e))
		return false;
	if (s->fuse == 0 || --s->fuse > 0)
		return true;
	s->down = s->trouble != STORE_MEM_LOSES_ONE;
	*lost = s->trouble != STORE_MEM_DIES_BEFORE;
	return *lost || store_mem_is_up(s, e);
}

bool store_mem_lost(bool lost, struct err *e)
{
	return !lost || err_code(e, ERR_UNKNOWN, "outcome_unknown",
				 "the answer was lost");
}

static const char *now(struct store_mem *s)
{
	return arena_printf(s->arena, "2026-01-01T%02u:%02u:%02uZ",
			    s->clock / 3600 % 24, s->clock / 60 % 60,
			    s->clock % 60);
}

/* The stored record, as a reader sees it. */
static void show(const struct item *it, struct arena *a, void *ret,
		 struct revision *rev)
{
	memset(ret, 0, kind_rules(it->kind)->size);
	copy_members(a, it->kind, it->record, ret, SECRET);
	kind_rules(it->kind)->derive(ret, a);
	revise(a, it, rev);
}

static bool get(struct store *port, const struct task *t, enum kind k,
		const char *key, void *ret, struct revision *rev, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	const struct item *it = store_mem_find(s, k, key);

	if (!store_mem_is_up(s, e))
		return false;
	if (it == NULL || !may_see(s, t, k, key))
		return err_set(e, ERR_NOT_FOUND, "there is no %s %s",
			       kind_rules(k)->noun, key);
	show(it, t->arena, ret, rev);
	return true;
}

static void stamp(struct store_mem *s, struct item *it, bool created)
{
	const struct row *rows = tables[it->kind].rows;
	size_t first = tables[it->kind].count - 3; /* id, created, updated */

	it->guard = ++s->clock;
	s->writes++;
	if (created) {
		*(const char **)field_at(rows[first].field, it->record) =
			arena_printf(s->arena, "id-%u", s->clock);
		*(const char **)field_at(rows[first + 1].field, it->record) =
			now(s);
	}
	*(const char **)field_at(rows[first + 2].field, it->record) = now(s);
}

static void tell(struct store_mem *s)
{
	void (*before)(void *ctx) = s->before;

	s->before = NULL;
	if (before != NULL)
		before(s->ctx);
	s->before = before;
}

void store_mem_stamp(struct store_mem *s, struct item *it)
{
	stamp(s, it, false);
}

static bool add(struct store *port, const struct task *t, enum kind k,
		void *record, struct revision *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	const char *key = kind_key(k, record);

	if (!store_mem_is_up(s, e))
		return false;
	tell(s);
	if (kind_is_address(k) &&
	    store_mem_find(s, KIND_DOMAIN, address_domain(key)) == NULL)
		return err_set(e, ERR_INVALID, "there is no domain of %s", key);
	if (is_taken(s, k, key))
		return err_set(e, ERR_EXISTS, "%s is taken", key);
	if (!is_administrator(s, t))
		return err_set(e, ERR_DENIED, "you may not add %s", key);
	bool lost;
	if (!store_mem_fate(s, &lost, e))
		return false;
	struct item *it = arena_alloc(s->arena, sizeof(*it));
	it->kind = k;
	it->record = arena_copy(s->arena, kind_rules(k)->defaults,
				kind_rules(k)->size);
	copy_members(s->arena, k, record, it->record, OWN | ELSEWHERE);
	stamp(s, it, true);
	it->next = s->items;
	s->items = it;
	if (lost)
		return store_mem_lost(lost, e);
	copy_members(t->arena, k, it->record, record, SECRET | ELSEWHERE);
	kind_rules(k)->derive(record, t->arena);
	revise(t->arena, it, ret);
	return true;
}

static bool differs(enum kind k, const void *old, const void *record)
{
	for (size_t i = 0; i < tables[k].count; i++) {
		const struct row *r = &tables[k].rows[i];

		if (!(r->flags & (OWN | FIXED | ELSEWHERE)) &&
		    !same_member(r->field, old, record))
			return true;
	}
	return false;
}

/* Found, writable, and as it was seen. */
static struct item *take(struct store_mem *s, const struct task *t, enum kind k,
			 const char *key, const struct revision *seen,
			 struct err *e)
{
	struct item *it = store_mem_find(s, k, key);
	struct revision rev;

	if (it == NULL || !may_see(s, t, k, key)) {
		err_set(e, ERR_NOT_FOUND, "there is no %s %s",
			kind_rules(k)->noun, key);
		return NULL;
	}
	revise(t->arena, it, &rev);
	if (seen != NULL && strcmp(seen->guard, rev.guard) != 0) {
		err_set(e, ERR_CHANGED, "somebody wrote %s", key);
		return NULL;
	}
	if (!is_administrator(s, t)) {
		err_set(e, ERR_DENIED, "you may not write %s", key);
		return NULL;
	}
	return it;
}

/* What differs, member by member: what somebody else wrote stays. */
static bool change(struct store *port, const struct task *t, enum kind k,
		   const void *old, void *record, const struct revision *seen,
		   struct revision *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	if (!store_mem_is_up(s, e))
		return false;
	bool idle = !differs(k, old, record);
	if (!idle)
		tell(s);
	struct item *it =
		take(s, t, k, kind_key(k, old), idle ? NULL : seen, e);
	if (it == NULL)
		return false;
	if (idle) {
		*ret = *seen;
		return true;
	}
	bool lost;
	if (!store_mem_fate(s, &lost, e))
		return false;
	for (size_t i = 0; i < tables[k].count; i++) {
		const struct row *r = &tables[k].rows[i];

		if (!(r->flags & (OWN | FIXED | ELSEWHERE)) &&
		    !same_member(r->field, old, record))
			copy_member(s->arena, r->field, record, it->record);
	}
	stamp(s, it, false);
	if (lost)
		return store_mem_lost(lost, e);
	copy_members(t->arena, k, it->record, record, SECRET | ELSEWHERE);
	kind_rules(k)->derive(record, t->arena);
	revise(t->arena, it, ret);
	return true;
}

static bool is_empty(const struct store_mem *s, const char *domain)
{
	for (const struct item *it = s->items; it != NULL; it = it->next) {
		if (it->plan == NULL && kind_is_address(it->kind) &&
		    strcmp(address_domain(store_mem_key(it)), domain) == 0)
			return false;
	}
	return true;
}

static bool remove_item(struct store *port, const struct task *t, enum kind k,
			const char *key, const struct revision *seen,
			struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct item **at = &s->items;

	if (!store_mem_is_up(s, e))
		return false;
	tell(s);
	struct item *it = take(s, t, k, key, seen, e);
	if (it == NULL)
		return false;
	if (k == KIND_DOMAIN && !is_empty(s, key))
		return err_code(e, ERR_CONFLICT, "not_empty",
				"%s has something in it", key);
	bool lost;
	if (!store_mem_fate(s, &lost, e))
		return false;
	while (*at != it)
		at = &(*at)->next;
	*at = it->next;
	s->writes++;
	return store_mem_lost(lost, e);
}

static int by_key(const void *one, const void *other)
{
	const struct item *const *a = one, *const *b = other;

	return strcmp(store_mem_key(*a), store_mem_key(*b));
}

/* All that are wanted, sorted. */
static struct item **select_items(struct store_mem *s, struct arena *a,
				  const struct query *q, size_t *count)
{
	struct item **found;
	size_t n = 0;

	for (struct item *it = s->items; it != NULL; it = it->next)
		n += store_mem_wants(it, q);
	*count = n;
	found = arena_alloc(a, (n + 1) * sizeof(struct item *));
	for (struct item *it = s->items; it != NULL; it = it->next) {
		if (store_mem_wants(it, q))
			found[--n] = it;
	}
	if (*count > 0)
		qsort(found, *count, sizeof(struct item *), by_key);
	return found;
}

static bool list(struct store *port, const struct task *t,
		 const struct query *q, struct page *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	size_t size = kind_rules(q->kind)->size, count;
	struct revision rev;

	if (!store_mem_is_up(s, e))
		return false;
	if (!is_administrator(s, t) ||
	    (q->domain != NULL &&
	     store_mem_find(s, KIND_DOMAIN, q->domain) == NULL))
		return err_set(e, ERR_NOT_FOUND, "there is no such place");
	struct item **found = select_items(s, t->arena, q, &count);
	ret->more = count > q->limit;
	ret->count = ret->more ? q->limit : count;
	char *records = arena_alloc(t->arena, ret->count * size);
	for (size_t i = 0; i < ret->count; i++)
		show(found[i], t->arena, records + i * size, &rev);
	ret->records = records;
	return true;
}

static bool set_own_password(struct store *port, const struct task *t,
			     const struct stored_password *p, const char *guard,
			     struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct item *it = store_mem_find(s, KIND_USER, t->caller->identity);

	if (!store_mem_is_up(s, e))
		return false;
	if (it == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no such user");
	if (guard != NULL &&
	    strcmp(guard, arena_printf(t->arena, "%u", it->guard)) != 0)
		return err_set(e, ERR_CHANGED, "somebody wrote");
	bool lost;
	if (!store_mem_fate(s, &lost, e))
		return false;
	struct user *u = it->record;
	u->stored.hash = arena_strdup(s->arena, p->hash);
	stamp(s, it, false);
	return store_mem_lost(lost, e);
}

static bool is_super_administrator(struct store *port, const struct task *t,
				   bool *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	*ret = is_administrator(s, t);
	return store_mem_is_up(s, e);
}

static const char *etag(struct store *port, const struct task *t, enum kind k,
			const void *record)
{
	union {
		const void *is;
		void *taken; /* and only read */
	} u = {.is = record};
	const struct item it = {.kind = k, .record = u.taken};
	struct revision rev;

	(void)port;
	revise(t->arena, &it, &rev);
	return rev.etag;
}

static bool is_ready(struct store *port)
{
	return !store_mem_self(port)->down;
}

struct store *store_mem_open(void)
{
	static struct store_ops ops;
	struct store_mem *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	ops = store_mem_steps;
	store_mem_moving(&ops);
	ops.get = get;
	ops.add = add;
	ops.change = change;
	ops.remove = remove_item;
	ops.list = list;
	ops.count = survey_mem_count;
	ops.leading_to = survey_mem_leading_to;
	ops.look_up = survey_mem_look_up;
	ops.set_own_password = set_own_password;
	ops.is_super_administrator = is_super_administrator;
	ops.etag = etag;
	ops.expire = survey_mem_expire;
	ops.reserve = tally_mem.reserve;
	ops.mark = tally_mem.mark;
	ops.release = tally_mem.release;
	ops.forget = tally_mem.forget;
	ops.recount = tally_mem.recount;
	ops.tallied = tally_mem.tallied;
	ops.written = tally_mem.written;
	sponsor_mem_add(&ops);
	ops.is_ready = is_ready;
	s->port.ops = &ops;
	s->arena = arena_new();
	return &s->port;
}

void store_mem_close(struct store **s)
{
	if (*s != NULL)
		arena_free(store_mem_self(*s)->arena);
	free(*s);
	*s = NULL;
}

void store_mem_administrator(struct store *port, const char *identity)
{
	struct store_mem *s = store_mem_self(port);

	if (s->administrator_count == STORE_MEM_ADMINISTRATORS)
		abort();
	s->administrators[s->administrator_count++] =
		arena_strdup(s->arena, identity);
}

const char *store_mem_password(struct store *s, const char *address)
{
	const struct item *it =
		store_mem_find(store_mem_self(s), KIND_USER, address);

	return it != NULL ? ((const struct user *)it->record)->stored.hash
			  : NULL;
}

void store_mem_before_write(struct store *port, void (*fn)(void *ctx),
			    void *ctx)
{
	struct store_mem *s = store_mem_self(port);

	s->before = fn;
	s->ctx = ctx;
}

void store_mem_touch(struct store *s, enum kind k, const char *key)
{
	struct item *it = store_mem_find(store_mem_self(s), k, key);

	if (it == NULL)
		abort();
	it->guard = ++store_mem_self(s)->clock;
}

void store_mem_down(struct store *s, bool down)
{
	store_mem_self(s)->down = down;
}

unsigned store_mem_writes(struct store *s)
{
	return store_mem_self(s)->writes;
}

void store_mem_trouble(struct store *s, unsigned fuse,
		       enum store_mem_trouble trouble)
{
	store_mem_self(s)->fuse = fuse;
	store_mem_self(s)->trouble = trouble;
}
