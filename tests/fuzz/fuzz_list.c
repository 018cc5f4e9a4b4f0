#include <stdlib.h>
#include <string.h>

#include "ldap/list.h"
#include "tests/fuzz/fuzz.h"
#include "util/field.h"

enum { KEYS_MAX = 512, LIMIT_MAX = 16, KEY_MAX = 255 };

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All of them sorted: what the list must have kept the beginning of. */
static size_t sorted(char **keys, size_t count, const char *after)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (strlen(keys[i]) <= KEY_MAX &&
		    (after == NULL || strcmp(keys[i], after) > 0))
			keys[kept++] = keys[i];
	}
	qsort(keys, kept, sizeof(*keys), by_text);
	return kept;
}

/* How many to keep, whether the first line is where to begin, and keys. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = arena_strndup(a, (const char *)data, size);
	size_t limit = 1 + (unsigned char)text[0] / 2 % LIMIT_MAX, n = 0, count;
	bool begins = text[0] & 1, more;
	char *keys[KEYS_MAX], *rest = text[0] != '\0' ? text + 1 : text;
	const char *after = begins ? strsep(&rest, "\n") : NULL;
	struct list *l = list_new(a, limit, after);

	while (rest != NULL && n < COUNT(keys)) {
		keys[n] = strsep(&rest, "\n");
		list_add(l, keys[n++]);
	}
	const char **first = list_keys(l, &count, &more);
	size_t all = sorted(keys, n, after);
	HOLDS(count == (all < limit ? all : limit));
	HOLDS(more == (all > limit));
	for (size_t i = 0; i < count; i++)
		HOLDS(strcmp(first[i], keys[i]) == 0);
	arena_free(a);
	return 0;
}
