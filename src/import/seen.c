#include "import/seen.h"

#include <stdint.h>
#include <stdlib.h>

#include "util/alloc.h"
#include "util/hash.h"

enum { ROOM_FIRST = 1024 };

/* Open addressing; 0 is a free place. */
struct seen {
	uint64_t *places;
	size_t room, count;
};

static uint64_t hash_of(const char *name)
{
	uint64_t h = hash_text(name);

	return h != 0 ? h : 1;
}

static void release(void *own)
{
	struct seen *s = own;

	free(s->places);
}

static size_t place_of(const struct seen *s, uint64_t h)
{
	size_t i = (size_t)h & (s->room - 1);

	while (s->places[i] != 0 && s->places[i] != h)
		i = (i + 1) & (s->room - 1);
	return i;
}

struct seen *seen_new(struct arena *a)
{
	struct seen *s = arena_alloc(a, sizeof(*s));

	s->room = ROOM_FIRST;
	s->places = alloc_zeroed(s->room * sizeof(*s->places));
	arena_defer(a, release, s);
	return s;
}

static void grow(struct seen *s)
{
	struct seen more = {.room = s->room * 2, .count = s->count};

	more.places = alloc_zeroed(more.room * sizeof(*more.places));
	for (size_t i = 0; i < s->room; i++) {
		if (s->places[i] != 0)
			more.places[place_of(&more, s->places[i])] =
				s->places[i];
	}
	free(s->places);
	*s = more;
}

void seen_add(struct seen *s, const char *name)
{
	uint64_t h = hash_of(name);
	size_t i = place_of(s, h);

	if (s->places[i] != 0)
		return;
	s->places[i] = h;
	if (++s->count > s->room / 2)
		grow(s);
}

bool seen_made(const struct seen *s, const char *name)
{
	return s->places[place_of(s, hash_of(name))] != 0;
}
