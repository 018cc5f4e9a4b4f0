#include "ldap/store.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/changes.h"
#include "ldap/expiry.h"
#include "ldap/filter.h"
#include "ldap/idle.h"
#include "ldap/list.h"
#include "ldap/naming.h"
#include "ldap/number.h"
#include "ldap/reach.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/steps.h"
#include "ldap/store_parts.h"
#include "ldap/survey.h"
#include "ldap/tally.h"
#include "ldap/usage.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/text.h"

enum {
	KEYS_A_SEARCH = 50,   /* whose records are fetched at once */
	PAGE_BYTES = 8 << 20, /* of a list's records, about */
	LIST_READS = 10,      /* a list may take that many times a read */
	AWAIT_STEP = 20,      /* milliseconds between looks */
	REMOVE_TRIES = 4,     /* of a user, while somebody measures */
};

struct ldap_store *store_self(struct store *s)
{
	return (struct ldap_store *)s;
}

static int64_t deadline(const struct task *t, int64_t seconds)
{
	int64_t own = clock_now() + seconds * 1000;

	return own < t->deadline ? own : t->deadline;
}

static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};

/* Controls of an operation with the caller's rights. */
struct controls store_as_caller(const struct task *t)
{
	struct controls c = {.count = 0};

	control_proxy(&c, t->arena, t->caller->identity);
	return c;
}

/* Run it; results other than success are errors. */
bool store_run(struct ldap_store *s, const struct task *t, struct operation *op,
	       int64_t seconds, const char *what, struct err *e)
{
	return session_run(s->session, t->arena, op, deadline(t, seconds), e) &&
	       (op->result == LDAP_SUCCESS || result_of(op, what, e));
}

/* Where the entries of a search go: record after record. */
struct reading {
	enum kind kind;
	const struct map *map;
	struct arena *arena;
	char *records;
	size_t size, room, count;
	const char *guard; /* of the last one */
	struct err err;
};

static bool read_record(struct reading *r, const struct entry *en,
			struct err *e)
{
	void *record = r->records + r->count * r->size;

	r->guard = entry_text(en, schema_guard);
	if (!map_read(r->map, r->arena, en, record, e))
		return false;
	kind_rules(r->kind)->derive(record, r->arena);
	return true;
}

static void each_record(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct entry en;

	if (r->err.kind != ERR_NONE || r->count == r->room)
		return;
	memcpy(r->records + r->count * r->size, kind_rules(r->kind)->defaults,
	       r->size);
	if (entry_read(ld, message, r->arena, &en, &r->err) &&
	    read_record(r, &en, &r->err))
		r->count++;
}

/* A user's entry, or what was measured of him. */
static void each_of_user(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct entry en;

	if (r->err.kind != ERR_NONE ||
	    !entry_read(ld, message, r->arena, &en, &r->err))
		return;
	if (entry_is_a(&en, schema_usage()->class))
		map_read(schema_usage(), r->arena, &en, r->records, &r->err);
	else if (entry_is_a(&en, r->map->class) && read_record(r, &en, &r->err))
		r->count = 1;
}

/* One search for both: it costs hardly more than that for the user's entry
 * alone. */
static void read_usage_too(struct operation *op, const struct reading *r)
{
	op->scope = LDAP_SCOPE_SUBTREE;
	op->filter = filter_present(r->arena, "objectClass");
	op->want = usage_wanted(r->arena, op->want);
	op->each = each_of_user;
}

static bool revise(struct reading *r, const void *record, struct revision *ret,
		   struct err *e)
{
	if (r->guard == NULL)
		return err_set(e, ERR_INTERNAL, "the entry shows no %s",
			       schema_guard);
	ret->guard = r->guard;
	ret->etag = map_digest(r->map, r->arena, record);
	return true;
}

/* Only those members of the record are set that the directory has. */
static bool read_entry(struct ldap_store *s, const struct task *t, enum kind k,
		       const char *key, void *ret, struct revision *rev,
		       struct err *e)
{
	const struct schema *sc = schema_of(k);
	const char *dn = schema_dn(t->arena, s->set->base, k, key);
	struct reading r = {.kind = k,
			    .map = &sc->map,
			    .arena = t->arena,
			    .records = ret,
			    .size = kind_rules(k)->size,
			    .room = 1};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .filter = schema_class_filter(t->arena, k),
			       .want = map_wanted(&sc->map, t->arena,
						  schema_guard),
			       .controls = control_list(&c),
			       .each = each_record,
			       .ctx = &r};

	if (k == KIND_USER && usage_is_there(s, t))
		read_usage_too(&op, &r);
	if (dn != NULL && !store_run(s, t, &op, s->set->read_seconds, key, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	if (r.err.kind != ERR_NONE) {
		*e = r.err;
		return err_wrap(e, "%s", key);
	}
	if (r.count == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no %s %s",
			       kind_rules(k)->noun, key);
	return revise(&r, ret, rev, e);
}

static bool get(struct store *port, const struct task *t, enum kind k,
		const char *key, void *ret, struct revision *rev, struct err *e)
{
	memcpy(ret, kind_rules(k)->defaults, kind_rules(k)->size);
	return read_entry(store_self(port), t, k, key, ret, rev, e);
}

/* What a write left behind, out of the reply itself (RFC 4527). */
static bool read_back(struct ldap_store *s, const struct task *t, enum kind k,
		      const struct operation *op, void *record,
		      struct revision *ret, struct err *e)
{
	const struct berval *after = control_post_read_value(op->reply);
	const char *key = arena_strdup(t->arena, kind_key(k, record));
	struct reading r = {.kind = k,
			    .map = &schema_of(k)->map,
			    .arena = t->arena,
			    .records = record,
			    .size = kind_rules(k)->size};
	struct entry en;

	if (after != NULL && entry_read_control(after, t->arena, &en, e) &&
	    read_record(&r, &en, e) && revise(&r, record, ret, e))
		return true;
	err_clear(e);
	if (read_entry(s, t, k, key, record, ret, e))
		return true;
	/* It was written: no refusal may stand for that. */
	e->kind = ERR_UNKNOWN;
	e->code = "outcome_unknown";
	return err_wrap(e, "%s was written and cannot be read", key);
}

static bool add(struct store *port, const struct task *t, enum kind k,
		void *record, struct revision *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct map *map = &schema_of(k)->map;
	const char *key = kind_key(k, record);
	struct controls c = store_as_caller(t);

	control_post_read(&c, t->arena,
			  map_wanted(map, t->arena, schema_guard));
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = schema_dn(t->arena, s->set->base, k, key),
			       .mods = map_add(map, t->arena, record),
			       .controls = control_list(&c)};

	return store_run(s, t, &op, s->set->write_seconds, key, e) &&
	       read_back(s, t, k, &op, record, ret, e);
}

bool store_nothing_done(struct err *e)
{
	if (e->kind == ERR_UNKNOWN)
		e->kind = ERR_UNAVAILABLE;
	return false;
}

/* Who may not write is told so, even when there is nothing to write: ask with
 * the no-op control, which checks everything and does nothing. */
static bool may_change(struct ldap_store *s, const struct task *t,
		       struct operation *op, struct err *e)
{
	struct controls c = store_as_caller(t);
	LDAPMod nothing_new = {.mod_op = LDAP_MOD_REPLACE,
			       .mod_type =
				       arena_strdup(t->arena, schema_optional)};
	LDAPMod *mods[] = {&nothing_new, NULL};

	control_no_op(&c);
	op->mods = mods;
	op->controls = control_list(&c);
	return (session_run(s->session, t->arena, op,
			    deadline(t, s->set->write_seconds), e) &&
		(op->result == LDAP_X_NO_OPERATION ||
		 result_of(op, op->dn, e))) ||
	       store_nothing_done(e);
}

static bool change(struct store *port, const struct task *t, enum kind k,
		   const void *old, void *record, const struct revision *seen,
		   struct revision *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct map *map = &schema_of(k)->map;
	const char *key = kind_key(k, old);
	struct controls c = store_as_caller(t);

	control_assert(&c, t->arena, schema_guard, seen->guard);
	control_post_read(&c, t->arena,
			  map_wanted(map, t->arena, schema_guard));
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_dn(t->arena, s->set->base, k, key),
			       .mods = map_change(map, t->arena, old, record),
			       .controls = control_list(&c)};

	if (op.mods == NULL) {
		*ret = *seen; /* it is as wanted already */
		return may_change(s, t, &op, e);
	}
	return store_run(s, t, &op, s->set->write_seconds, key, e) &&
	       read_back(s, t, k, &op, record, ret, e);
}

static bool remove_once(struct ldap_store *s, const struct task *t,
			const char *dn, const char *key,
			const struct revision *seen, struct err *e)
{
	struct controls c = store_as_caller(t);

	if (seen != NULL)
		control_assert(&c, t->arena, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = dn,
			       .controls = control_list(&c)};

	return store_run(s, t, &op, s->set->write_seconds, key, e) ||
	       (op.result == LDAP_NOT_ALLOWED_ON_NONLEAF &&
		err_code(e, ERR_CONFLICT, "not_empty",
			 "%s still has something in it", key));
}

/* slapd looks whether something is below an entry when everything else allows
 * that it goes: only then what was measured of a user goes, and he himself.
 * Between the two somebody may measure again. */
static bool remove_entry(struct store *port, const struct task *t, enum kind k,
			 const char *key, const struct revision *seen,
			 struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *dn = schema_dn(t->arena, s->set->base, k, key);

	bool was_there = true;

	for (int try = 0; try < REMOVE_TRIES; try++) {
		if (remove_once(s, t, dn, key, seen, e))
			return true;
		/* Something else is below him: LDAP tools have put it there. */
		if (k != KIND_USER || !was_there ||
		    !text_equal(e->code, "not_empty"))
			return false;
		err_clear(e);
		if (!usage_remove(s, t, dn, &was_there, e))
			return false;
	}
	return err_set(e, ERR_LIMIT, "%s is measured all the time", key);
}

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
	bool deep = q->kind != KIND_DOMAIN && q->domain == NULL;

	return (struct operation){
		.kind = OPERATION_SEARCH,
		.dn = q->domain != NULL ? schema_dn(a, s->set->base,
						    KIND_DOMAIN, q->domain)
					: schema_domains_dn(a, s->set->base),
		.scope = deep ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_ONELEVEL,
		.filter = schema_class_filter(a, q->kind)};
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
	op.each = each_record;
	op.ctx = r;
	size_t before = r->count;
	if (!store_run(s, t, &op, s->set->read_seconds, "list", e))
		return false;
	if (r->err.kind != ERR_NONE)
		*e = r->err;
	return r->err.kind == ERR_NONE &&
	       (q->kind != KIND_USER || !usage_is_there(s, t) ||
		usage_read(s, t, &op,
			   (struct user *)(void *)r->records + before,
			   r->count - before, e));
}

static void each_counted(void *ctx, LDAP *ld, LDAPMessage *message)
{
	unsigned *count = ctx;

	(void)ld, (void)message;
	++*count;
}

static bool is_super_administrator(struct store *port, const struct task *t,
				   bool *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct controls c = store_as_caller(t);
	unsigned count = 0;
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = schema_administrators_dn(t->arena, s->set->base),
		 .scope = LDAP_SCOPE_BASE,
		 .filter = schema_member_filter(t->arena, t->caller->identity),
		 .want = nothing,
		 .controls = control_list(&c),
		 .each = each_counted,
		 .ctx = &count};

	if (!store_run(s, t, &op, s->set->read_seconds, "administrators", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	*ret = count > 0;
	return true;
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

	if (!reach_find(s, t, &domains, e))
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

/* The sorted keys of a page. */
static bool find_keys(struct ldap_store *s, const struct task *t,
		      const struct query *q, const char *const **keys,
		      size_t *count, bool *more, struct err *e)
{
	struct keys k = {.list = list_new(t->arena, q->limit, q->after)};
	bool all = true;

	if (q->domain == NULL && !is_super_administrator(&s->port, t, &all, e))
		return false;
	if (!(all ? collect(s, t, q, &k, e) : collect_reach(s, t, q, &k, e)))
		return false;
	*keys = list_keys(k.list, count, more);
	/* A short list must never pass for the whole. */
	return !k.broken ||
	       err_set(e, ERR_INTERNAL, "the directory sent a broken entry");
}

static int by_key(const void *a, const void *b, void *kind)
{
	const enum kind *k = kind;

	return strcmp(kind_key(*k, a), kind_key(*k, b));
}

static bool list(struct store *port, const struct task *t,
		 const struct query *q, struct page *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *const *keys;
	size_t count, n;

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

static struct survey survey_of(struct store *port)
{
	return (struct survey){.session = store_self(port)->session,
			       .set = store_self(port)->set};
}

static bool count_below(struct store *port, const struct task *t,
			const char *domain, struct tally *ret, struct err *e)
{
	const struct survey s = survey_of(port);

	return survey_count(&s, t, domain, ret, e);
}

static bool leading_to(struct store *port, const struct task *t,
		       const char *domain, struct text_list *ret, struct err *e)
{
	const struct survey s = survey_of(port);

	return survey_leading_to(&s, t, domain, ret, e);
}

static bool look_up(struct store *port, const struct task *t,
		    const struct text_list *keys, const struct signpost **ret,
		    struct err *e)
{
	const struct survey s = survey_of(port);

	return survey_look_up(&s, t, keys, ret, e);
}

/* Without the proxy control it is the gateway that asks. */
static bool set_own_password(struct store *port, const struct task *t,
			     const struct stored_password *p, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct user old = {0}, wanted = {.stored = *p};
	struct controls c = {.count = 0};
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = t->caller->identity,
			       .mods = map_change(&schema_of(KIND_USER)->map,
						  t->arena, &old, &wanted)};
	const char *guard;

	/* A principal has no mailbox that wants more than the hash. */
	if (strchr(t->caller->login, '@') == NULL)
		op.mods[1] = NULL;

	/* One that comes late must not undo the next. */
	if (!store_look(s, t, op.dn, schema_guard, &guard, e))
		return false;
	if (guard != NULL)
		control_assert(&c, t->arena, schema_guard, guard);
	op.controls = control_list(&c);
	return store_run(s, t, &op, s->set->write_seconds, t->caller->login, e);
}

static const char *etag(struct store *port, const struct task *t, enum kind k,
			const void *record)
{
	(void)port;
	return map_digest(&schema_of(k)->map, t->arena, record);
}

static bool await(struct store *port, const struct task *t, int64_t ms)
{
	struct ldap_store *s = store_self(port);
	int64_t until = clock_now() + ms;

	if (until > t->deadline)
		until = t->deadline;
	do {
		fiber_sleep(AWAIT_STEP);
	} while (clock_now() < until && !session_is_up(s->session));
	return !session_is_stopped(s->session);
}

static bool is_ready(struct store *port)
{
	return session_is_up(store_self(port)->session);
}

static const struct store_ops ops = {
	.get = get,
	.add = add,
	.change = change,
	.remove = remove_entry,
	.list = list,
	.count = count_below,
	.leading_to = leading_to,
	.look_up = look_up,
	.measure = usage_measure,
	.set_own_password = set_own_password,
	.number = number_of,
	.is_super_administrator = is_super_administrator,
	.etag = etag,
	.expire = ldap_expire,
	.naming = naming_of,
	.held = naming_held,
	.hold = naming_hold,
	.forget_held = naming_forget,
	.may_create = steps_may_create,
	.reserve = ldap_tally_reserve,
	.release = ldap_tally_release,
	.forget = ldap_tally_forget,
	.recount = ldap_tally_recount,
	.tallied = ldap_tally_list,
	.written = ldap_changes_read,
	.may_remove = steps_may_remove,
	.rename = steps_rename,
	.settle = steps_settle,
	.relink = steps_relink,
	.is_there = steps_is_there,
	.may_retire = steps_may_retire,
	.retire = steps_retire,
	.await = await,
	.is_ready = is_ready,
};

struct store *ldap_store_open(struct session *session,
			      const struct ldap_settings *set)
{
	struct ldap_store *s = alloc_zeroed(sizeof(*s));

	s->port.ops = &ops;
	s->session = session;
	s->set = set;
	return &s->port;
}

void ldap_store_close(struct store **s)
{
	free(*s);
	*s = NULL;
}
