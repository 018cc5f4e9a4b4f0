#include "ldap/audit_verify.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/audit_seal.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	DAY = 86400,
	PURGE_DAYS = 2, /* slapd looks once a day for what is to go */
};

/* A record as a seal names it. */
struct sealed {
	const char *csn, *digest, *place;
	int64_t seal;
	bool seen;
};

struct verifying {
	const struct audit_verify *how;
	struct arena *arena;
	struct audit_verdict *verdict;
	struct seal *seals;
	size_t count, room;
	struct sealed *records; /* sorted */
	size_t record_count;
	const char *kept_since; /* entryCSN: what is older may be gone */
	const char *gone_since; /* what is older than that is gone */
	struct err err;
};

static void tell(struct verifying *v, const char *what)
{
	v->verdict->wrong++;
	v->how->tell(v->how->ctx, what);
}

/* An entry as it is read in other places. */
static struct entry entry_of(struct arena *a, const struct direct_entry *from)
{
	struct attribute *at = arena_alloc(a, (from->count + 1) * sizeof(*at));
	size_t n = 0, count;

	for (size_t i = 0; i < from->count; i++) {
		const struct direct_attribute *d = &from->attributes[i];

		for (count = 0; d->raw[count].bv_val != NULL;)
			count++;
		at[n].name = d->name;
		at[n].name_size = strlen(d->name);
		at[n++].values =
			arena_copy(a, d->raw, (count + 1) * sizeof(*d->raw));
	}
	return (struct entry){at, n};
}

/* A seal, with all its texts, for as long as we work. */
static void keep(struct verifying *v, const struct seal *s)
{
	struct seal kept = *s;
	const char **texts[] = {&kept.from, &kept.to, &kept.time,
				&kept.previous, &kept.digest};

	for (size_t i = 0; i < COUNT(texts); i++)
		*texts[i] = arena_strdup(v->arena, *texts[i]);
	kept.records.items =
		arena_alloc(v->arena, (s->records.count + 1) * sizeof(char *));
	for (size_t i = 0; i < s->records.count; i++)
		kept.records.items[i] =
			arena_strdup(v->arena, s->records.items[i]);
	if (v->count == v->room) {
		size_t room = v->room > 0 ? 2 * v->room : 64;
		struct seal *more = arena_alloc(v->arena, room * sizeof(*more));

		if (v->count > 0)
			memcpy(more, v->seals, v->count * sizeof(*more));
		v->seals = more;
		v->room = room;
	}
	v->seals[v->count++] = kept;
	v->verdict->sealed += (int64_t)kept.records.count;
}

static void each_seal(void *ctx, struct arena *a, const struct direct_entry *en)
{
	struct verifying *v = ctx;
	struct entry e = entry_of(a, en);
	struct seal s;

	if (v->err.kind == ERR_NONE && seal_read(&e, a, &s, &v->err))
		keep(v, &s);
}

static int by_number(const void *a, const void *b)
{
	const struct seal *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int by_csn(const void *a, const void *b)
{
	const struct sealed *x = a, *y = b;

	return strcmp(x->csn, y->csn);
}

static void tell_missing(struct verifying *v, int64_t from, int64_t to)
{
	struct arena *a = v->arena;

	if (from == to)
		tell(v,
		     arena_printf(a, "seal %lld is missing", (long long)from));
	else if (from < to)
		tell(v, arena_printf(a, "seals %lld to %lld are missing",
				     (long long)from, (long long)to));
}

/* One seal, and how it follows the one before. */
static void check_seal(struct verifying *v, const struct seal *s,
		       const struct seal *before)
{
	struct arena *a = v->arena;
	const char *previous = before != NULL ? before->digest : seal_none;
	int64_t next = before != NULL ? before->number + 1 : 1;
	long long number = (long long)s->number;
	char digest[SEAL_HEX];

	seal_digest(s, digest);
	if (!seal_same(digest, s->digest))
		tell(v, arena_printf(a, "seal %lld was changed", number));
	if (s->number != next)
		tell_missing(v, next, s->number - 1);
	else if (strcmp(s->previous, previous) != 0 ||
		 (before != NULL && strcmp(s->from, before->to) != 0))
		tell(v, arena_printf(a,
				     "seal %lld does not follow the one before "
				     "it",
				     number));
}

static void check_anchor(struct verifying *v)
{
	const struct audit_verify *how = v->how;
	long long number = (long long)how->anchor;

	if (how->anchor == 0)
		return;
	for (size_t i = 0; i < v->count; i++) {
		if (v->seals[i].number != how->anchor)
			continue;
		if (!seal_same(v->seals[i].digest, how->digest))
			tell(v, arena_printf(v->arena,
					     "seal %lld is not the one of the "
					     "anchor",
					     number));
		return;
	}
	tell(v, arena_printf(v->arena, "seal %lld, the anchor, is missing",
			     number));
}

/* All that is sealed, in one list. */
static void collect(struct verifying *v)
{
	struct arena *a = v->arena;
	struct seal_line line;

	v->records = arena_alloc(a, (size_t)(v->verdict->sealed + 1) *
					    sizeof(*v->records));
	for (size_t i = 0; i < v->count; i++) {
		const struct text_list *lines = &v->seals[i].records;

		for (size_t j = 0; j < lines->count; j++) {
			if (!seal_line_read(a, lines->items[j], &line))
				continue; /* its seal is told to be changed */
			v->records[v->record_count++] =
				(struct sealed){line.csn, line.digest,
						line.place, v->seals[i].number,
						false};
		}
	}
	qsort(v->records, v->record_count, sizeof(*v->records), by_csn);
}

static bool read_seals(struct verifying *v, struct err *e)
{
	const struct direct_search s =
		{.base = seal_parent(v->arena, v->how->base),
		 .scope = DIRECT_CHILDREN,
		 .filter = filter_equal(v->arena, "objectClass", "provostSeal"),
		 .want = seal_wanted};

	if (!direct_search(v->how->directory, &s, each_seal, v, e))
		return err_wrap(e, "the seals");
	if (v->err.kind != ERR_NONE) {
		*e = v->err;
		return false;
	}
	qsort(v->seals, v->count, sizeof(*v->seals), by_number);
	for (size_t i = 0; i < v->count; i++)
		check_seal(v, &v->seals[i], i > 0 ? &v->seals[i - 1] : NULL);
	check_anchor(v);
	collect(v);
	v->verdict->seals = (int64_t)v->count;
	if (v->count > 0) {
		v->verdict->number = v->seals[v->count - 1].number;
		v->verdict->digest = v->seals[v->count - 1].digest;
	}
	return true;
}

/* One that no seal names. */
static void check_stranger(struct verifying *v, const char *csn, const char *dn)
{
	const struct seal *last = v->count > 0 ? &v->seals[v->count - 1] : NULL;

	if (last == NULL || strcmp(csn, last->to) > 0)
		v->verdict->unsealed++;
	else if (strcmp(csn, v->seals[0].from) <= 0 &&
		 strcmp(csn, v->gone_since) >= 0)
		v->verdict->before++;
	else
		tell(v, arena_printf(v->arena, "record %s of %s was added", csn,
				     dn));
}

static void each_record(void *ctx, struct arena *a,
			const struct direct_entry *from)
{
	struct verifying *v = ctx;
	struct entry en = entry_of(a, from);
	const char *csn = entry_text(&en, "entryCSN");
	const char *dn = entry_text(&en, "reqDN");
	const struct sealed key = {.csn = csn != NULL ? csn : ""};
	char digest[SEAL_HEX];

	if (dn == NULL)
		return; /* the log's own entry */
	struct sealed *s = bsearch(&key, v->records, v->record_count,
				   sizeof(*v->records), by_csn);
	if (s == NULL) {
		check_stranger(v, key.csn, dn);
		return;
	}
	seal_record_digest(&en, digest);
	if (s->seen)
		tell(v, arena_printf(v->arena, "record %s of %s is there twice",
				     csn, dn));
	else if (!seal_same(digest, s->digest))
		tell(v, arena_printf(v->arena,
				     "record %s of %s was changed (seal %lld)",
				     csn, dn, (long long)s->seal));
	else
		v->verdict->good++;
	s->seen = true;
}

static void check_unseen(struct verifying *v)
{
	for (size_t i = 0; i < v->record_count; i++) {
		const struct sealed *s = &v->records[i];

		if (s->seen)
			continue;
		if (strcmp(s->csn, v->kept_since) < 0)
			v->verdict->expired++;
		else
			tell(v, arena_printf(v->arena,
					     "record %s, written in %s, was "
					     "removed (seal %lld)",
					     s->csn, s->place,
					     (long long)s->seal));
	}
}

static const char *csn_ago(struct arena *a, int64_t seconds)
{
	char text[INSTANT_SIZE];

	instant_text(text, clock_seconds() - seconds);
	return arena_strndup(a, map_time(a, text), 14);
}

bool audit_verify(const struct audit_verify *how, struct arena *a,
		  struct audit_verdict *ret, struct err *e)
{
	struct verifying v = {.how = how,
			      .arena = a,
			      .verdict = ret,
			      .kept_since = csn_ago(a, how->keep_days * DAY),
			      .gone_since =
				      csn_ago(a, (how->keep_days + PURGE_DAYS) *
							 DAY)};
	const struct direct_search log = {.base = "cn=accesslog",
					  .scope = DIRECT_CHILDREN,
					  .filter =
						  filter_present(a,
								 "objectClass"),
					  .want = seal_counted};

	*ret = (struct audit_verdict){.digest = ""};
	if (!read_seals(&v, e))
		return false;
	if (!direct_search(how->directory, &log, each_record, &v, e))
		return err_wrap(e, "the log");
	check_unseen(&v);
	return true;
}
