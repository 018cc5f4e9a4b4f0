#include "import/whereabouts.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/hash.h"

enum { ROOM_FIRST = 256 };

struct whereabouts {
	struct place *items;
	size_t count, room;
	bool sorted;
};

static void release(void *own)
{
	struct whereabouts *p = own;

	free(p->items);
}

struct whereabouts *whereabouts_new(struct arena *a)
{
	struct whereabouts *p = arena_alloc(a, sizeof(*p));

	arena_defer(a, release, p);
	return p;
}

static void grow(struct whereabouts *p)
{
	size_t room = p->room == 0 ? ROOM_FIRST : p->room * 2;
	struct place *more = alloc_zeroed(room * sizeof(*more));

	if (p->count > 0)
		memcpy(more, p->items, p->count * sizeof(*more));
	free(p->items);
	p->items = more;
	p->room = room;
}

bool whereabouts_add(struct whereabouts *p, const char *name,
		     const struct place *place, struct err *e)
{
	if (p->count == WHEREABOUTS_MAX)
		return err_code(e, ERR_TOO_LARGE, "too_many_rows",
				"there are more than %d rows", WHEREABOUTS_MAX);
	if (p->count == p->room)
		grow(p);
	p->items[p->count] = *place;
	p->items[p->count++].hash = hash_text(name);
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* How many are below that hash; or, with those of it, up to it. */
static size_t below(const struct whereabouts *p, uint64_t hash, bool with)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t there = p->items[middle].hash;

		if (there < hash || (with && there == hash))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* However many one name has, asking for each of them costs no more. */
const struct place *whereabouts_find(struct whereabouts *p, const char *name,
				     size_t *count)
{
	uint64_t hash = hash_text(name);

	if (!p->sorted && p->count > 0)
		qsort(p->items, p->count, sizeof(*p->items), compare);
	p->sorted = true;
	size_t low = below(p, hash, false);
	*count = below(p, hash, true) - low;
	return p->items != NULL ? p->items + low : NULL;
}

bool whereabouts_has(struct whereabouts *p, const char *name)
{
	size_t count;

	whereabouts_find(p, name, &count);
	return count > 0;
}

bool whereabouts_is_first(struct whereabouts *p, const char *name, size_t at)
{
	size_t count;
	const struct place *first = whereabouts_find(p, name, &count);

	return count == 0 || first->at >= at;
}
