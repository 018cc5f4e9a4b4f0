#include "ldap/audit_newest.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 64 };

struct newest newest_of(struct arena *a, size_t limit)
{
	return (struct newest){.arena = a, .limit = limit};
}

static void grow(struct newest *n)
{
	size_t room = n->room > 0 ? 2 * n->room : ROOM_FIRST;
	char(*more)[NEWEST_CSN];

	if (room > n->limit)
		room = n->limit;
	more = arena_alloc(n->arena, room * sizeof(*more));
	if (n->count > 0)
		memcpy(more, n->items, n->count * sizeof(*more));
	n->items = more;
	n->room = room;
}

void newest_add(struct newest *n, const char *csn)
{
	size_t size = strlen(csn) + 1, at;

	if (size > NEWEST_CSN)
		return;
	if (n->count < n->limit) {
		if (n->count == n->room)
			grow(n);
		at = n->count++;
	} else {
		n->dropped = true;
		at = n->next;
		n->next = (n->next + 1) % n->limit;
	}
	memcpy(n->items[at], csn, size);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *newest_sorted(const struct newest *n)
{
	const char **ret = arena_alloc(n->arena, (n->count + 1) * sizeof(*ret));

	for (size_t i = 0; i < n->count; i++)
		ret[i] = n->items[i];
	qsort(ret, n->count, sizeof(*ret), by_text);
	return ret;
}
