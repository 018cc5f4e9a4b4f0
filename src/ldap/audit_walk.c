#include "ldap/audit_walk.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/audit_newest.h"
#include "ldap/audit_record.h"
#include "ldap/audit_write.h"
#include "ldap/filter.h"
#include "util/clock.h"
#include "util/text.h"

enum {
	FETCH = 50,  /* records of a search */
	TAIL = 4096, /* records that are not sealed yet */
	PAGE_BYTES = 8 << 20,
};

struct found {
	struct audit_walk *walk;
	struct audit_record *records;
	size_t count, room;
	struct err err;
};

static void each_record(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct found *f = ctx;
	struct arena *a = f->walk->task->arena;
	struct entry en;

	if (f->err.kind != ERR_NONE || f->count == f->room)
		return;
	if (entry_read(ld, message, a, &en, &f->err) &&
	    audit_record_read(a, f->walk->store->set->base, &en,
			      &f->records[f->count], &f->err))
		f->count++;
}

static int newest_first(const void *a, const void *b)
{
	const struct audit_record *x = a, *y = b;

	return strcmp(y->id, x->id);
}

static bool search(struct audit_walk *w, const char *const *csns, size_t count,
		   struct found *f, struct err *e)
{
	const struct task *t = w->task;
	const char *any[FETCH];
	struct controls c = store_as_caller(t);

	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(t->arena, "entryCSN", csns[i]);
	const char *filter = filter_any(t->arena, any, count);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = "cn=accesslog",
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = w->filter == NULL
						 ? filter
						 : filter_and(t->arena, filter,
							      w->filter),
			       .want = audit_wanted,
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = each_record,
			       .ctx = f};
	if (!store_run(w->store, t, &op, w->store->set->read_seconds, "log", e))
		return false;
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE;
}

static bool is_wanted(const struct audit_walk *w, const struct audit_record *r)
{
	return w->request == NULL || text_equal(w->request, r->request);
}

/* Whether the page is full or has taken long enough. */
static bool has_enough(const struct audit_walk *w)
{
	return w->count == w->limit || clock_now() >= w->until ||
	       arena_used(w->task->arena) > PAGE_BYTES;
}

/* At most FETCH of them. */
static bool fetch(struct audit_walk *w, const char *const *csns, size_t count,
		  struct err *e)
{
	struct audit_record records[FETCH];
	struct found f = {.walk = w, .records = records, .room = FETCH};

	if (!search(w, csns, count, &f, e))
		return false;
	qsort(records, f.count, sizeof(*records), newest_first);
	for (size_t i = 0; i < f.count; i++) {
		if (!is_wanted(w, &records[i]))
			continue;
		if (w->count == w->limit) {
			w->more = true;
			return true;
		}
		w->records[w->count++] = records[i];
		w->last = records[i].id;
	}
	/* The others have been looked at, too. */
	w->last = csns[0];
	return true;
}

bool audit_walk_fetch(struct audit_walk *w, const char *const *csns,
		      size_t count, struct err *e)
{
	while (count > 0 && !w->more) {
		size_t n = count < FETCH ? count : FETCH;

		if (has_enough(w)) {
			w->more = true;
			return true;
		}
		if (!fetch(w, csns + count - n, n, e))
			return false;
		count -= n;
	}
	return true;
}

static bool is_in_reach(const struct audit_walk *w, const char *csn,
			const char *place)
{
	if (strcmp(csn, w->lower) < 0 || strcmp(csn, w->upper) >= 0)
		return false;
	for (size_t i = 0; i < w->place_count; i++) {
		if (strcmp(w->places[i].name, place) == 0)
			return strcmp(csn, w->places[i].since) >= 0;
	}
	return w->places == NULL && strcmp(place, seal_journal) != 0;
}

/* What is not sealed yet: read as the gateway, so that what a seal would say of
 * it is known. */
struct tail {
	struct audit_walk *walk;
	const char *reached;
	struct newest newest;
	struct err err;
};

static void each_unsealed(void *ctx, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct tail *tail = ctx;
	struct audit_walk *w = tail->walk;
	struct entry en;

	if (tail->err.kind != ERR_NONE ||
	    !entry_read(ld, message, a, &en, &tail->err))
		return;
	const char *csn = entry_text(&en, "entryCSN");
	const char *dn = entry_text(&en, "reqDN");
	if (csn != NULL && dn != NULL && strcmp(csn, tail->reached) > 0 &&
	    is_in_reach(w, csn, seal_place(a, w->store->set->base, dn)))
		newest_add(&tail->newest, csn);
}

static bool walk_tail(struct audit_walk *w, const char *reached, struct err *e)
{
	static const char *const want[] = {"entryCSN", "reqDN", NULL};
	struct arena *a = w->task->arena;
	struct tail *tail = arena_alloc(a, sizeof(*tail));
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = "cn=accesslog",
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = reached[0] != '\0'
				   ? filter_from(a, "entryCSN", reached)
				   : filter_present(a, "objectClass"),
		 .want = want,
		 .limit = OPERATION_ALL,
		 .each = each_unsealed,
		 .ctx = tail};

	if (strcmp(w->upper, reached) <= 0)
		return true;
	tail->walk = w;
	tail->reached = reached;
	tail->newest = newest_of(a, TAIL);
	if (!store_run(w->store, w->task, &op, w->store->set->read_seconds,
		       "log", e))
		return false;
	if (tail->err.kind != ERR_NONE) {
		*e = tail->err;
		return false;
	}
	bool dropped = tail->newest.dropped;
	const char *const *csns = newest_sorted(&tail->newest);
	if (!audit_walk_fetch(w, csns, tail->newest.count, e))
		return false;
	/* What is older, in seals as well, comes with the next page. */
	w->more = w->more || dropped;
	return true;
}

struct one_seal {
	struct arena *arena;
	struct seal seal;
	struct err err;
};

static void each_seal(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct one_seal *one = ctx;
	struct entry en;

	if (entry_read(ld, message, one->arena, &en, &one->err))
		seal_read(&en, one->arena, &one->seal, &one->err);
}

bool audit_seal_get(struct ldap_store *s, const struct task *t, int64_t number,
		    bool whole, struct seal *ret, struct err *e)
{
	static const char *const ends[] = {"provostSealNumber",
					   "provostSealFrom", "provostSealTo",
					   NULL};
	struct one_seal one = {.arena = t->arena};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = seal_dn(t->arena, s->set->base, number),
			       .scope = LDAP_SCOPE_BASE,
			       .want = whole ? seal_wanted : ends,
			       .each = each_seal,
			       .ctx = &one};

	if (!store_run(s, t, &op, s->set->read_seconds, "seal", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	*ret = one.seal;
	if (one.err.kind != ERR_NONE)
		*e = one.err;
	return one.err.kind == ERR_NONE;
}

/* The last seal that has something from before `upper`. */
static bool find_seal(struct audit_walk *w, int64_t newest, int64_t *ret,
		      struct err *e)
{
	int64_t low = 0, high = newest;

	while (low < high) {
		int64_t middle = low + (high - low + 1) / 2;
		struct seal s;

		if (!audit_seal_get(w->store, w->task, middle, false, &s, e))
			return false;
		/* One that is gone is older than all that are there. */
		if (s.number == 0 || strcmp(s.from, w->upper) < 0)
			low = middle;
		else
			high = middle - 1;
	}
	*ret = low;
	return true;
}

static bool walk_seal(struct audit_walk *w, const struct seal *s, struct err *e)
{
	struct arena *a = w->task->arena;
	const char **csns =
		arena_alloc(a, (s->records.count + 1) * sizeof(*csns));
	struct seal_line line;
	size_t count = 0;

	for (size_t i = 0; i < s->records.count; i++) {
		if (seal_line_read(a, s->records.items[i], &line) &&
		    is_in_reach(w, line.csn, line.place))
			csns[count++] = line.csn;
	}
	if (!audit_walk_fetch(w, csns, count, e))
		return false;
	/* All behind it: `from` itself is in the seal before. */
	if (!w->more)
		w->last = arena_join(a, s->from, "~", NULL);
	return true;
}

bool audit_walk(struct audit_walk *w, struct err *e)
{
	struct audit_head head;
	int64_t number;
	struct seal s;

	if (!ldap_audit_head(&w->store->port, w->task, &head, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (!walk_tail(w, head.reached, e) || w->more)
		return e->kind == ERR_NONE;
	if (!find_seal(w, head.number, &number, e))
		return false;
	for (; number > 0; number--) {
		if (has_enough(w)) {
			w->more = true;
			return true;
		}
		if (!audit_seal_get(w->store, w->task, number, true, &s, e))
			return false;
		if (s.number == 0 || strcmp(s.to, w->lower) < 0)
			return true;
		if (!walk_seal(w, &s, e) || w->more)
			return e->kind == ERR_NONE;
	}
	return true;
}
