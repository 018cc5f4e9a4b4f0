#include "http/body.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/hash.h"

enum { ROOM_LEAST = 1024 };

/* Doubled, so that a body that comes in small pieces is not copied for each of
 * them; never more than the whole one and its NUL need. */
static size_t room_for(const struct body *b, size_t need, size_t most)
{
	size_t room = b->room > 0 ? b->room : ROOM_LEAST;

	while (room < need)
		room *= 2;
	if (need <= BODY_SMALL + 1 && room > BODY_SMALL + 1)
		room = BODY_SMALL + 1;
	return room <= most + 1 ? room : most + 1;
}

/* Beyond what any body gets. */
static bool has_room(const struct body *b, size_t room,
		     const struct bodies *all)
{
	size_t taken = all->taken - b->room + room;
	size_t share = all->shares[b->share] - b->room + room;

	return taken <= BODIES_MOST && share <= BODIES_MOST - taken;
}

static bool grow(struct body *b, size_t need, size_t most, struct bodies *all)
{
	size_t room = room_for(b, need, most);

	if (room > BODY_SMALL + 1 && !has_room(b, room, all))
		return false;
	/* Not zeroed: pages that nothing was sent for cost no memory. */
	struct body larger = {alloc_plain(room), b->size, room, b->share};
	if (b->size > 0)
		memcpy(larger.data, b->data, b->size);
	body_drop(b, all);
	all->taken += room;
	all->shares[larger.share] += room;
	*b = larger;
	return true;
}

void body_begin(struct body *b, const char *source)
{
	*b = (struct body){.share =
				   (unsigned)(hash_text(source) % BODY_SHARES)};
}

bool body_add(struct body *b, size_t most, struct bodies *all, const char *data,
	      size_t size)
{
	size_t need = b->size + size + 1;

	if (need > most + 1 || (need > b->room && !grow(b, need, most, all)))
		return false;
	memcpy(b->data + b->size, data, size);
	b->size += size;
	b->data[b->size] = '\0';
	return true;
}

void body_drop(struct body *b, struct bodies *all)
{
	if (b->size > 0)
		explicit_bzero(b->data, b->size);
	free(b->data);
	all->taken -= b->room;
	all->shares[b->share] -= b->room;
	*b = (struct body){.share = b->share};
}
