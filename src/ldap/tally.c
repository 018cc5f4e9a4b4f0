#include "ldap/tally.h"

#include <string.h>

#include "core/domain.h"
#include "core/tally.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/map.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "ldap/survey.h"
#include "util/text.h"

enum {
	TRIES = 16, /* of an operation that others come before */
	COUNTERS = 3,
	RAISE_TRIES = 3,
};

static const char class[] = "provostTally", tally_of[] = "provostTallyOf",
		  tally_cn[] = "cn", tally_mark[] = "entryUUID";

struct counter {
	const char *attr;
	struct field of;
};

/* clang-format off */
#define F(member) FIELD(struct tally, member)
static const struct counter counters[COUNTERS] = {
	{"provostTallyUsers",      F(users)},
	{"provostTallyAliases",    F(aliases)},
	{"provostTallyQuotaBytes", F(quota_bytes)},
};
#undef F
/* clang-format on */

static int64_t number(size_t i, const struct tally *of)
{
	return *(const int64_t *)field_in(counters[i].of, of);
}

static void set_number(size_t i, struct tally *of, int64_t n)
{
	*(int64_t *)field_at(counters[i].of, of) = n;
}

static char *digits(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static LDAPMod *mod(struct arena *a, int op, const char *attr, char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = value;
	return map_mod(a, op, attr, value != NULL ? values : NULL);
}

/* One piece of work on the tally of one domain. */
struct work {
	struct ldap_store *store;
	const struct task *task;
	const char *domain, *dn;
};

static struct work work_on(struct store *port, const struct task *t,
			   const char *domain)
{
	struct ldap_store *s = store_self(port);

	return (struct work){s, t, domain,
			     schema_tally_dn(t->arena, s->set->base, domain)};
}

/* A tally as it was seen; a counter that is not kept is NUMBER_NONE. */
struct seen {
	struct arena *arena;
	bool there;
	const char *of, *guard, *mark;
	struct tally has;
	struct err err;
};

static void each_seen(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct seen *s = ctx;
	struct entry en;

	if (!entry_read(ld, message, s->arena, &en, &s->err))
		return;
	s->there = true;
	s->of = entry_text(&en, tally_of);
	s->guard = entry_text(&en, schema_guard);
	s->mark = entry_text(&en, tally_mark);
	for (size_t i = 0; i < COUNTERS; i++) {
		const char *text = entry_text(&en, counters[i].attr);
		int64_t n = NUMBER_NONE;

		if (text != NULL && !text_number(text, 0, INT64_MAX, &n))
			n = 0; /* broken: whatever is counted is more */
		set_number(i, &s->has, n);
	}
}

static bool look(const struct work *w, struct seen *ret, struct err *e)
{
	const char *const want[] = {tally_of,
				    schema_guard,
				    tally_mark,
				    counters[0].attr,
				    counters[1].attr,
				    counters[2].attr,
				    NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = w->dn,
			       .scope = LDAP_SCOPE_BASE,
			       .want = want,
			       .each = each_seen,
			       .ctx = ret};

	*ret = (struct seen){.arena = w->task->arena};
	if (!store_run(w->store, w->task, &op, w->store->set->read_seconds,
		       "tally", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return ret->err.kind == ERR_NONE;
}

/* Results other than success are errors; which one, *result tells. */
static bool write_tally(const struct work *w, struct operation *op,
			const struct assertion *parts, size_t count,
			int *result, struct err *e)
{
	struct controls c = {.count = 0};

	if (count > 0)
		control_assert_all(&c, w->task->arena, parts, count);
	op->dn = w->dn;
	op->controls = control_list(&c);
	bool done = store_run(w->store, w->task, op,
			      w->store->set->write_seconds, "tally", e);
	op->controls = NULL; /* they end here */
	*result = op->result;
	return done;
}

static bool count_there(const struct work *w, struct tally *ret, struct err *e)
{
	const struct survey s = {w->store->session, w->store->set, true};

	return survey_count(&s, w->task, w->domain, ret, e);
}

static bool vanished(const struct work *w, struct err *e)
{
	return e->kind == ERR_NOT_FOUND
		       ? err_set(e, ERR_INVALID, "there is no domain %s",
				 w->domain)
		       : false;
}

/* Begin to count: an entry with what there is.  Somebody else may be quicker.
 */
static bool begin(const struct work *w, const char *id,
		  const struct tally *limits, struct err *e)
{
	struct arena *a = w->task->arena;
	LDAPMod *mods[COUNTERS + 4];
	struct operation op = {.kind = OPERATION_ADD, .mods = mods};
	struct tally there;
	size_t n = 0;
	int result;

	if (!count_there(w, &there, e))
		return vanished(w, e);
	mods[n++] = mod(a, LDAP_MOD_ADD, "objectClass", arena_strdup(a, class));
	mods[n++] = mod(a, LDAP_MOD_ADD, tally_cn, arena_strdup(a, w->domain));
	mods[n++] = mod(a, LDAP_MOD_ADD, tally_of, arena_strdup(a, id));
	for (size_t i = 0; i < COUNTERS; i++) {
		if (number(i, limits) != NUMBER_NONE)
			mods[n++] = mod(a, LDAP_MOD_ADD, counters[i].attr,
					digits(a, number(i, &there)));
	}
	mods[n] = NULL;
	return write_tally(w, &op, NULL, 0, &result, e) ||
	       e->kind == ERR_EXISTS;
}

/* Count what was not counted so far; all of it, if the tally is that of an
 * earlier domain.  Somebody else may be quicker. */
static bool begin_more(const struct work *w, const char *id,
		       const struct tally *limits, const struct seen *s,
		       struct err *e)
{
	struct arena *a = w->task->arena;
	LDAPMod *mods[COUNTERS + 2];
	struct operation op = {.kind = OPERATION_MODIFY, .mods = mods};
	const struct assertion as_seen = {LDAP_FILTER_EQUALITY, schema_guard,
					  s->guard};
	bool other = !text_equal(s->of, id);
	struct tally there;
	size_t n = 0;
	int result;

	if (!count_there(w, &there, e))
		return vanished(w, e);
	if (other)
		mods[n++] =
			mod(a, LDAP_MOD_REPLACE, tally_of, arena_strdup(a, id));
	for (size_t i = 0; i < COUNTERS; i++) {
		bool wanted = number(i, limits) != NUMBER_NONE;

		if (other || (wanted && number(i, &s->has) == NUMBER_NONE))
			mods[n++] = mod(a, LDAP_MOD_REPLACE, counters[i].attr,
					wanted ? digits(a, number(i, &there))
					       : NULL);
	}
	mods[n] = NULL;
	return write_tally(w, &op, &as_seen, 1, &result, e) ||
	       e->kind == ERR_CHANGED || e->kind == ERR_NOT_FOUND;
}

static bool keeps_all(const struct tally *has, const struct tally *limits)
{
	for (size_t i = 0; i < COUNTERS; i++) {
		if (number(i, limits) != NUMBER_NONE &&
		    number(i, has) == NUMBER_NONE)
			return false;
	}
	return true;
}

/* The one step that decides. */
static bool increment(const struct work *w, const char *id,
		      const struct tally *limits, const struct tally *more,
		      int *result, struct err *e)
{
	struct arena *a = w->task->arena;
	struct assertion parts[COUNTERS + 1] = {
		{LDAP_FILTER_EQUALITY, tally_of, id}};
	LDAPMod *mods[COUNTERS + 1] = {NULL};
	struct operation op = {.kind = OPERATION_MODIFY, .mods = mods};
	size_t n = 0;

	for (size_t i = 0; i < COUNTERS; i++) {
		int64_t plus = number(i, more), limit = number(i, limits);

		if (plus <= 0 || limit == NUMBER_NONE)
			continue;
		mods[n++] = mod(a, LDAP_MOD_INCREMENT, counters[i].attr,
				digits(a, plus));
		parts[n] = (struct assertion){LDAP_FILTER_LE, counters[i].attr,
					      digits(a, limit - plus)};
	}
	*result = LDAP_SUCCESS;
	return n == 0 || write_tally(w, &op, parts, n + 1, result, e);
}

/* Why it could not be counted, and what can be done about it. */
static bool make_way(const struct work *w, const char *id,
		     const struct tally *limits, const struct tally *more,
		     struct err *e)
{
	struct seen s;

	if (!look(w, &s, e))
		return false;
	if (!s.there)
		return begin(w, id, limits, e);
	if (!text_equal(s.of, id) || !keeps_all(&s.has, limits))
		return begin_more(w, id, limits, &s, e);
	return tally_admits(w->domain, &s.has, more, limits, w->task->arena, e);
}

/* A failure here has done nothing but, perhaps, count too much. */
static bool not_reserved(struct err *e)
{
	if (e->kind == ERR_NOT_FOUND)
		return err_set(e, ERR_INTERNAL,
			       "there is no place for tallies");
	return store_nothing_done(e);
}

/* Nothing is reserved; where nothing was counted yet, it is. */
static bool compare(const struct work *w, const char *id,
		    const struct tally *limits, const struct tally *more,
		    struct err *e)
{
	struct tally has;
	struct seen s;

	if (!look(w, &s, e))
		return false;
	has = s.has;
	if ((!s.there || !text_equal(s.of, id) || !keeps_all(&s.has, limits)) &&
	    !count_there(w, &has, e))
		return vanished(w, e);
	return tally_admits(w->domain, &has, more, limits, w->task->arena, e);
}

bool ldap_tally_reserve(struct store *port, const struct task *t,
			const char *domain, const char *id,
			const struct tally *limits, const struct tally *more,
			struct err *e)
{
	const struct work w = work_on(port, t, domain);
	const struct tally none = {0};
	int result;

	/* What no tally could hold needs none to be refused. */
	if (!tally_admits(domain, &none, more, limits, t->arena, e))
		return false;
	if (rehearsal_is(t))
		return compare(&w, id, limits, more, e);
	for (int try = 0; try < TRIES; try++) {
		err_clear(e);
		if (increment(&w, id, limits, more, &result, e))
			return true;
		if (result != LDAP_ASSERTION_FAILED &&
		    result != LDAP_NO_SUCH_OBJECT)
			return not_reserved(e);
		err_clear(e);
		if (!make_way(&w, id, limits, more, e))
			return not_reserved(e);
	}
	err_clear(e);
	return err_code(e, ERR_LIMIT, "contended",
			"the limits of %s are asked by too many at once",
			domain);
}

bool ldap_tally_mark(struct store *port, const struct task *t,
		     const char *domain, const char **ret, struct err *e)
{
	const struct work w = work_on(port, t, domain);
	struct seen s;

	if (!look(&w, &s, e))
		return false;
	*ret = s.mark;
	return true;
}

bool ldap_tally_release(struct store *port, const struct task *t,
			const char *domain, const char *mark,
			const struct tally *less, struct err *e)
{
	const struct work w = work_on(port, t, domain);
	struct arena *a = t->arena;
	struct assertion parts[COUNTERS + 1];
	LDAPMod *mods[COUNTERS + 1] = {NULL};
	struct operation op = {.kind = OPERATION_MODIFY, .mods = mods};
	struct seen s;
	size_t n = 0;
	int result;

	if (!look(&w, &s, e))
		return false;
	for (size_t i = 0; s.there && i < COUNTERS; i++) {
		int64_t minus = number(i, less);

		if (minus <= 0 || number(i, &s.has) < minus)
			continue; /* not kept, or not truly */
		mods[n] = mod(a, LDAP_MOD_INCREMENT, counters[i].attr,
			      digits(a, -minus));
		parts[n++] =
			(struct assertion){LDAP_FILTER_GE, counters[i].attr,
					   digits(a, minus)};
	}
	size_t count = n;
	if (mark != NULL)
		parts[count++] = (struct assertion){LDAP_FILTER_EQUALITY,
						    tally_mark, mark};
	return n == 0 || write_tally(&w, &op, parts, count, &result, e) ||
	       (result == LDAP_ASSERTION_FAILED || result == LDAP_NO_SUCH_OBJECT
			? (err_clear(e), true)
			: false);
}

bool ldap_tally_forget(struct store *port, const struct task *t,
		       const char *domain, const char *id,
		       const struct tally *which, struct err *e)
{
	const struct work w = work_on(port, t, domain);
	const struct assertion same = {LDAP_FILTER_EQUALITY, tally_of, id};
	LDAPMod *mods[COUNTERS + 1] = {NULL};
	struct operation op = {.kind = which != NULL ? OPERATION_MODIFY
						     : OPERATION_DELETE,
			       .mods = mods};
	struct seen s;
	size_t n = 0;
	int result;

	if (!look(&w, &s, e))
		return false;
	if (!s.there || !text_equal(s.of, id))
		return true;
	for (size_t i = 0; which != NULL && i < COUNTERS; i++) {
		if (number(i, which) != 0 && number(i, &s.has) != NUMBER_NONE)
			mods[n++] = mod(t->arena, LDAP_MOD_REPLACE,
					counters[i].attr, NULL);
	}
	if ((which != NULL && n == 0) ||
	    write_tally(&w, &op, &same, 1, &result, e))
		return true;
	if (result != LDAP_ASSERTION_FAILED && result != LDAP_NO_SUCH_OBJECT)
		return store_nothing_done(e);
	err_clear(e);
	return true;
}

/* A domain and its limits, as they are now. */
struct limited {
	struct arena *arena;
	const char *id;
	struct domain domain;
	struct err err;
};

static void each_domain(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct limited *l = ctx;
	struct entry en;

	if (!entry_read(ld, message, l->arena, &en, &l->err) ||
	    !map_read(schema_limits(), l->arena, &en, &l->domain, &l->err))
		return;
	l->id = l->domain.id;
}

/* False in *there: it has none, or is not that one, or is gone. */
static bool limits_now(const struct work *w, const char *id, struct tally *ret,
		       bool *there, struct err *e)
{
	struct arena *a = w->task->arena;
	struct limited l = {.arena = a};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_dn(a, w->store->set->base,
					       KIND_DOMAIN, w->domain),
			       .scope = LDAP_SCOPE_BASE,
			       .want = map_wanted(schema_limits(), a,
						  schema_guard),
			       .each = each_domain,
			       .ctx = &l};

	if (!store_run(w->store, w->task, &op, w->store->set->read_seconds,
		       w->domain, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (l.err.kind != ERR_NONE) {
		*e = l.err;
		return false;
	}
	*ret = tally_limits(&l.domain);
	*there = text_equal(l.id, id) && tally_is_limited(ret);
	return true;
}

/* What makes the counters true, or only larger. */
static size_t correct(const struct work *w, const struct seen *s,
		      const struct tally *limits, const struct tally *there,
		      bool exact, LDAPMod **mods, struct assertion *parts)
{
	struct arena *a = w->task->arena;
	size_t n = 0;

	for (size_t i = 0; i < COUNTERS; i++) {
		int64_t has = number(i, &s->has), is = number(i, there);
		bool limited = number(i, limits) != NUMBER_NONE;

		if (has == NUMBER_NONE || (!exact && (!limited || is <= has)) ||
		    (exact && limited && is == has))
			continue;
		mods[n] = mod(a, LDAP_MOD_REPLACE, counters[i].attr,
			      limited ? digits(a, is) : NULL);
		parts[n++] =
			(struct assertion){LDAP_FILTER_LE, counters[i].attr,
					   digits(a, is - 1)};
	}
	mods[n] = NULL;
	return n;
}

/* Write the correction.  `strictly`: only if nobody wrote meanwhile. */
static bool put_right(const struct work *w, const struct seen *s,
		      LDAPMod **mods, struct assertion *parts, size_t n,
		      bool strictly, bool *done, struct err *e)
{
	const struct assertion as_seen = {LDAP_FILTER_EQUALITY, schema_guard,
					  s->guard};
	struct operation op = {.kind = OPERATION_MODIFY, .mods = mods};
	int result;

	parts[n] = (struct assertion){LDAP_FILTER_EQUALITY, tally_of, s->of};
	*done = write_tally(w, &op, strictly ? &as_seen : parts,
			    strictly ? 1 : n + 1, &result, e);
	if (*done ||
	    (result != LDAP_ASSERTION_FAILED && result != LDAP_NO_SUCH_OBJECT))
		return *done;
	err_clear(e);
	return true;
}

/* Nobody needs it any more. */
static bool discard(const struct work *w, const struct seen *s,
		    struct recount *ret, struct err *e)
{
	const struct assertion as_seen = {LDAP_FILTER_EQUALITY, schema_guard,
					  s->guard};
	struct operation op = {.kind = OPERATION_DELETE};
	int result;

	if (write_tally(w, &op, &as_seen, 1, &result, e))
		ret->guard = NULL;
	else if (result != LDAP_ASSERTION_FAILED &&
		 result != LDAP_NO_SUCH_OBJECT)
		return false;
	err_clear(e);
	return true;
}

/* Who has just removed something, and is about to say so, must not have it
 * taken from a counter that was counted without it: what he has seen of the
 * tally no longer holds for the next one. */
static bool begin_anew(const struct work *w, const struct seen *s,
		       const struct tally *limits, struct recount *ret,
		       bool *again, struct err *e)
{
	if (!discard(w, s, ret, e))
		return false;
	*again = ret->guard != NULL;
	ret->settled = ret->mended = !*again;
	/* If that fails, the next who needs it begins it. */
	if (ret->mended && !begin(w, s->of, limits, e))
		err_clear(e);
	return true;
}

static bool recount_once(const struct work *w, const char *settled,
			 bool strictly, struct recount *ret, bool *again,
			 struct err *e)
{
	LDAPMod *mods[COUNTERS + 1];
	struct assertion parts[COUNTERS + 1];
	struct tally limits, there;
	struct seen s;
	bool limited, done = true;

	*again = false;
	*ret = (struct recount){0};
	if (!look(w, &s, e))
		return false;
	ret->guard = s.guard;
	if (!s.there)
		return true;
	ret->settled = settled != NULL && text_equal(settled, s.guard);
	if (!limits_now(w, s.of, &limits, &limited, e))
		return false;
	if (!limited)
		return !ret->settled || discard(w, &s, ret, e);
	if (!count_there(w, &there, e))
		return e->kind == ERR_NOT_FOUND && (err_clear(e), true);
	size_t n = correct(w, &s, &limits, &there, ret->settled, mods, parts);
	if (n > 0 && ret->settled)
		return begin_anew(w, &s, &limits, ret, again, e);
	if (n > 0 && !put_right(w, &s, mods, parts, n, strictly, &done, e))
		return false;
	*again = !done;
	ret->mended = n > 0 && done;
	return true;
}

bool ldap_tally_recount(struct store *port, const struct task *t,
			const char *domain, const char *settled,
			struct recount *ret, struct err *e)
{
	const struct work w = work_on(port, t, domain);
	bool again = true;

	/* Where there is never a moment without a write, the counters are
	 * raised to what was counted, be it a little too much by now. */
	for (int try = 1; try <= RAISE_TRIES && again; try++) {
		if (!recount_once(&w, settled, try < RAISE_TRIES, ret, &again,
				  e))
			return false;
	}
	return true;
}

bool ldap_tally_list(struct store *port, const struct task *t,
		     const char *after, size_t limit, struct text_list *ret,
		     bool *more, struct err *e)
{
	struct ldap_store *s = store_self(port);
	static const char *const want[] = {tally_cn, NULL};
	struct list *names = list_new(t->arena, limit, after);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_journal_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_equal(t->arena, "objectClass",
						      class),
			       .want = want,
			       .each = list_take,
			       .ctx = names};

	if (!store_run(s, t, &op, s->set->read_seconds, "tallies", e))
		return false;
	ret->items = list_keys(names, &ret->count, more);
	return true;
}
