#include <stdlib.h>

#include "ldap/list.h"
#include "tests/lib/tap.h"
#include "util/field.h"

enum { KEYS = 700 };

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same as sorting everything and taking the first ones. */
static bool same_as_sorted(struct arena *a, const char *keys[], size_t n,
			   size_t limit, const char *after)
{
	struct list *l = list_new(a, limit, after);
	const char **sorted = arena_copy(a, keys, n * sizeof(*sorted));
	size_t count, first = 0;
	bool more;

	for (size_t i = 0; i < n; i++)
		list_add(l, keys[i]);
	const char **got = list_keys(l, &count, &more);
	qsort(sorted, n, sizeof(*sorted), by_text);
	while (first < n && after != NULL && strcmp(sorted[first], after) <= 0)
		first++;
	size_t want = n - first < limit ? n - first : limit;
	bool good = count == want && more == (n - first > limit);
	for (size_t i = 0; i < count && good; i++)
		good = strcmp(got[i], sorted[first + i]) == 0;
	return good;
}

int main(void)
{
	static const size_t limits[] = {1, 2, 3, 10, 100, 699, 700, 701, 1000};
	static const char *const afters[] = {NULL,   "",    "k", "k2",
					     "k500", "k99", "z"};
	CLEANUP(arena_release) struct arena *a = arena_new();
	unsigned short seed[3] = {4, 5, 6};
	const char *keys[KEYS];
	char big[257];
	size_t count;
	bool more;

	for (size_t i = 0; i < KEYS; i++)
		keys[i] = arena_printf(a, "k%zu", i);
	for (size_t i = KEYS - 1; i > 0; i--) {
		size_t j = (size_t)nrand48(seed) % (i + 1);
		const char *kept = keys[i];

		keys[i] = keys[j];
		keys[j] = kept;
	}
	for (size_t i = 0; i < COUNT(limits); i++) {
		for (size_t j = 0; j < COUNT(afters); j++)
			OK(same_as_sorted(a, keys, KEYS, limits[i], afters[j]),
			   arena_printf(a, "%zu after %s", limits[i],
					afters[j] ? afters[j] : "nothing"));
	}
	OK(same_as_sorted(a, keys, 0, 5, NULL), "of none");

	struct list *l = list_new(a, 3, NULL);
	memset(big, 'x', sizeof(big) - 1);
	big[256] = '\0';
	list_add(l, big);
	list_keys(l, &count, &more);
	OK(count == 0 && !more, "a key of 256 bytes is none of ours");
	big[255] = '\0';
	list_add(l, big);
	const char **got = list_keys(l, &count, &more);
	OK(count == 1 && strcmp(got[0], big) == 0, "one of 255 may be");

	l = list_new(a, 2, NULL);
	list_add(l, "b");
	list_add(l, "d");
	OK(!list_is_done(l, "e"), "there may be one more, which tells");
	list_add(l, "c");
	OK(list_is_done(l, "d"), "from there on nothing gets in");
	OK(!list_is_done(l, "bb"), "from there on something may");
	OK(!list_is_done(l, "c"), "the same is not behind it");
	return tap_done();
}
