#include "ldap/change_walk.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/audit_walk.h"
#include "ldap/audit_write.h"
#include "ldap/change_news.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	FETCH = 50,          /* records of a search by their names */
	NEAR_SECONDS = 10,   /* so much of the log may be searched by time */
	BEGIN_SECONDS = 600, /* clocks may differ that much */
	BEGIN_VALID = 86400, /* the log is kept for longer */
	SECONDS_SIZE = 14,   /* of a place, down to the second */
};

/* As slapd writes them; what is behind a "begin" of ours is nobody's. */
static const char form[] = "00000000000000.000000Z#xxxxxx#xxx#xxxxxx",
		  begin_tail[] = ".000000Z#000000#000#ffffff";

static const char *seconds_text(struct arena *a, int64_t seconds)
{
	char text[INSTANT_SIZE];

	instant_text(text, seconds);
	return arena_strndup(a, map_time(a, text), SECONDS_SIZE);
}

const char *change_walk_begin(struct arena *a)
{
	return arena_join(a, seconds_text(a, clock_seconds() - BEGIN_SECONDS),
			  begin_tail, NULL);
}

static bool is_begin(const char *place)
{
	return strcmp(place + SECONDS_SIZE, begin_tail) == 0;
}

bool change_walk_is_place(const char *text)
{
	size_t i = 0;

	for (; form[i] != '\0'; i++) {
		const char *any = form[i] == '0'   ? "0123456789"
				  : form[i] == 'x' ? "0123456789abcdef"
						   : NULL;

		if (text[i] == '\0' ||
		    (any == NULL ? text[i] != form[i]
				 : strchr(any, text[i]) == NULL))
			return false;
	}
	return text[i] == '\0';
}

struct found {
	struct change_walk *walk;
	const char *behind, *last;
	size_t seen;
	struct err err;
};

static struct change *next_item(struct change_walk *w)
{
	if (w->count == w->room) {
		size_t room = w->room > 0 ? 2 * w->room : FETCH;
		struct change *more =
			arena_alloc(w->task->arena, room * sizeof(*more));

		if (w->count > 0)
			memcpy(more, w->items, w->count * sizeof(*more));
		w->items = more;
		w->room = room;
	}
	return &w->items[w->count];
}

static void each_record(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct found *f = ctx;
	struct change_walk *w = f->walk;
	struct arena *a = w->task->arena;
	struct entry en;
	bool news;

	f->seen++;
	if (f->err.kind != ERR_NONE ||
	    !entry_read(ld, message, a, &en, &f->err))
		return;
	const char *csn = entry_text(&en, "entryCSN");
	if (csn == NULL || strcmp(csn, f->behind) <= 0)
		return;
	if (f->last == NULL || strcmp(csn, f->last) > 0)
		f->last = csn;
	if (change_read(a, w->store->set->base, &en, next_item(w), &news,
			&f->err) &&
	    news)
		w->count++;
}

static bool search(struct change_walk *w, struct found *f, const char *filter,
		   int limit, struct err *e)
{
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = "cn=accesslog",
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter,
			       .want = change_wanted,
			       .limit = limit,
			       .first = true,
			       .each = each_record,
			       .ctx = f};

	if (!store_run(w->store, w->task, &op, w->store->set->read_seconds,
		       "log", e)) {
		w->more = op.result == LDAP_SIZELIMIT_EXCEEDED;
		if (!w->more)
			return false;
		err_clear(e);
	}
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE;
}

static int by_place(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return strcmp(x->place, y->place);
}

/* Of entries that are still there, where the log does not tell. */
struct kinds {
	struct change_walk *walk;
	struct err err;
};

static void each_kind(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct kinds *k = ctx;
	struct change_walk *w = k->walk;
	struct entry en;

	if (k->err.kind != ERR_NONE ||
	    !entry_read(ld, message, w->task->arena, &en, &k->err))
		return;
	const char *id = entry_text(&en, "entryUUID");
	enum kind is = entry_is_a(&en, schema_of(KIND_USER)->map.class)
			       ? KIND_USER
			       : KIND_ALIAS;
	for (size_t i = 0; i < w->count; i++) {
		struct change *c = &w->items[i];

		if (change_is_vague(c) && text_equal(c->entry, id))
			change_settle(c, is);
	}
}

static bool find_kinds(struct change_walk *w, struct err *e)
{
	static const char *const want[] = {"entryUUID", "objectClass", NULL};
	struct arena *a = w->task->arena;
	const char **any = arena_alloc(a, (w->count + 1) * sizeof(*any));
	struct kinds k = {.walk = w};
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (change_is_vague(&w->items[i]) && w->items[i].entry != NULL)
			any[count++] =
				filter_equal(a, "entryUUID", w->items[i].entry);
	}
	if (count == 0)
		return true;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(a, w->store->set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = filter_any(a, any, count),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .first = true,
			       .each = each_kind,
			       .ctx = &k};
	if (!store_run(w->store, w->task, &op, w->store->set->read_seconds,
		       "log", e))
		return false;
	if (k.err.kind != ERR_NONE)
		*e = k.err;
	return k.err.kind == ERR_NONE;
}

/* In order, and with nothing unsaid. */
static bool complete(struct change_walk *w, struct err *e)
{
	qsort(w->items, w->count, sizeof(*w->items), by_place);
	return find_kinds(w, e);
}

/* What is behind `reached`, by time. */
static bool take_tail(struct change_walk *w, struct err *e)
{
	struct found f = {.walk = w, .behind = w->reached};
	size_t limit = w->limit > 0 ? w->limit : 1;

	/* One more: that which has been read. */
	if (!search(w, &f, filter_from(w->task->arena, "entryCSN", w->reached),
		    (int)limit + 1, e))
		return false;
	if (f.last != NULL)
		w->reached = f.last;
	return true;
}

bool change_walk_tail(struct change_walk *w, struct err *e)
{
	next_item(w);
	return take_tail(w, e) && complete(w, e);
}

/* The first seal that has something behind `reached`; 0: none has. */
static bool find_seal(struct change_walk *w, int64_t newest, int64_t *ret,
		      struct err *e)
{
	int64_t low = 1, high = newest + 1;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		struct seal s;

		if (!audit_seal_get(w->store, w->task, middle, false, &s, e))
			return false;
		/* One that is gone is older than all that are there. */
		if (s.number == 0 || strcmp(s.to, w->reached) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret = low <= newest ? low : 0;
	return true;
}

/* At most FETCH of them. */
static bool take_these(struct change_walk *w, const char *const *csns,
		       size_t count, struct err *e)
{
	struct arena *a = w->task->arena;
	struct found f = {.walk = w, .behind = w->reached};
	const char *any[FETCH];

	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(a, "entryCSN", csns[i]);
	if (!search(w, &f, filter_any(a, any, count), OPERATION_ALL, e))
		return false;
	w->reached = csns[count - 1];
	return true;
}

/* Lines are sorted.  `left`: records that may still be looked at. */
static bool take_seal(struct change_walk *w, const struct seal *s, size_t *left,
		      struct err *e)
{
	struct arena *a = w->task->arena;
	const char *csns[SEAL_RECORDS];
	struct seal_line line;
	size_t count = 0;

	for (size_t i = 0; i < s->records.count && count < SEAL_RECORDS; i++) {
		if (seal_line_read(a, s->records.items[i], &line) &&
		    strcmp(line.csn, w->reached) > 0)
			csns[count++] = line.csn;
	}
	for (size_t i = 0, n; i < count; i += n) {
		if (*left == 0) {
			w->more = true;
			return true;
		}
		n = count - i < FETCH ? count - i : FETCH;
		n = n < *left ? n : *left;
		if (!take_these(w, csns + i, n, e))
			return false;
		*left -= n;
	}
	return true;
}

static bool take_sealed(struct change_walk *w, int64_t newest, size_t *left,
			struct err *e)
{
	struct seal s;
	int64_t number;

	if (!find_seal(w, newest, &number, e))
		return false;
	for (; number > 0 && number <= newest && !w->more; number++) {
		if (!audit_seal_get(w->store, w->task, number, true, &s, e) ||
		    !take_seal(w, &s, left, e))
			return false;
	}
	return true;
}

static bool is_near(struct change_walk *w)
{
	return strcmp(w->reached,
		      seconds_text(w->task->arena,
				   clock_seconds() - NEAR_SECONDS)) > 0;
}

bool change_walk(struct change_walk *w, struct err *e)
{
	struct audit_head head = {.number = 0};
	size_t left = w->limit > 0 ? w->limit : 1;

	if (is_near(w))
		return change_walk_tail(w, e);
	if (!ldap_audit_head(&w->store->port, w->task, &head, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	next_item(w);
	if (head.number > 0 && strcmp(w->reached, head.reached) < 0 &&
	    !take_sealed(w, head.number, &left, e))
		return false;
	if (!w->more && left > 0) {
		w->limit = left;
		if (!take_tail(w, e))
			return false;
	} else {
		w->more = true;
	}
	return complete(w, e);
}

struct last {
	struct arena *arena;
	const char *csn;
	size_t count;
	struct err err;
};

static void each_last(void *ctx, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct last *l = ctx;
	struct entry en;

	l->count++;
	if (l->err.kind != ERR_NONE ||
	    !entry_read(ld, message, a, &en, &l->err))
		return;
	const char *csn = entry_text(&en, "entryCSN");
	if (csn != NULL && (l->csn == NULL || strcmp(csn, l->csn) > 0))
		l->csn = arena_strdup(l->arena, csn);
}

static bool look(struct ldap_store *s, const struct task *t, const char *filter,
		 struct last *l, struct err *e)
{
	static const char *const want[] = {"entryCSN", NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = "cn=accesslog",
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter,
			       .want = want,
			       .limit = OPERATION_ALL,
			       .first = true,
			       .each = each_last,
			       .ctx = l};

	l->arena = t->arena;
	if (!store_run(s, t, &op, s->set->read_seconds, "log", e))
		return false;
	if (l->err.kind != ERR_NONE)
		*e = l->err;
	return l->err.kind == ERR_NONE;
}

bool change_walk_end(struct ldap_store *s, const struct task *t,
		     const char *from, const char **ret, struct err *e)
{
	struct last l = {.csn = NULL};

	if (!look(s, t, filter_from(t->arena, "entryCSN", from), &l, e))
		return false;
	*ret = l.csn != NULL ? l.csn : from;
	return true;
}

bool change_walk_knows(struct ldap_store *s, const struct task *t,
		       const char *place, bool *ret, struct err *e)
{
	struct last l = {.csn = NULL};

	*ret = is_begin(place) &&
	       strcmp(place, seconds_text(t->arena,
					  clock_seconds() - BEGIN_VALID)) > 0;
	if (*ret || is_begin(place))
		return true;
	if (!look(s, t, filter_equal(t->arena, "entryCSN", place), &l, e))
		return false;
	*ret = l.count > 0;
	return true;
}
