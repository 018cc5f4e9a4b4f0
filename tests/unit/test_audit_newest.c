#include <stdio.h>
#include <string.h>

#include "ldap/audit_newest.h"
#include "tests/lib/tap.h"
#include "util/field.h"

enum { LIMIT = 100, FEW = 3, MANY = 5000 };

static void add(struct newest *n, int from, int to)
{
	char csn[NEWEST_CSN];

	for (int i = from; i < to; i++) {
		if (snprintf(csn, sizeof(csn), "csn %06d", i) > 0)
			newest_add(n, csn);
	}
}

static void few(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct newest n = newest_of(a, LIMIT);

	newest_add(&n, "csn 000003");
	add(&n, 0, FEW);
	const char *const *found = newest_sorted(&n);
	NUMBER(n.count, FEW + 1, "all are kept");
	IS(found[0], "csn 000000", "the oldest first");
	IS(found[FEW], "csn 000003", "the newest last");
	OK(!n.dropped, "none is dropped");
}

static void many(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct newest n = newest_of(a, LIMIT);

	add(&n, 0, LIMIT);
	OK(!n.dropped, "as many as there may be");
	size_t used = arena_used(a);
	add(&n, LIMIT, MANY);
	NUMBER(arena_used(a), used, "more take no more memory");
	const char *const *found = newest_sorted(&n);
	NUMBER(n.count, LIMIT, "only so many are kept");
	IS(found[0], "csn 004900", "the newest of them");
	IS(found[LIMIT - 1], "csn 004999", "to the last");
	OK(n.dropped, "that some are left out is told");
}

static void long_one(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct newest n = newest_of(a, LIMIT);
	char text[NEWEST_CSN + 1] = "";

	memset(text, 'x', NEWEST_CSN);
	newest_add(&n, text);
	NUMBER(n.count, 0, "what is too long is none");
}

int main(void)
{
	few();
	many();
	long_one();
	return tap_done();
}
