#include "core/gather.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/random.h"

enum { CHAINS = 4096 };

struct gather {
	size_t most, count;
	uint64_t seed;
	struct gathered *chains[CHAINS];
	struct gathered *first, **last; /* in the order they came */
};

struct gather *gather_new(size_t most)
{
	struct gather *g = alloc_zeroed(sizeof(*g));

	g->most = most;
	g->last = &g->first;
	random_bytes(&g->seed, sizeof(g->seed));
	return g;
}

static struct gathered **chain_of(struct gather *g, const char *address)
{
	uint64_t h = g->seed;

	for (; *address != '\0'; address++)
		h = (h ^ (unsigned char)*address) * 0x100000001b3u;
	return &g->chains[(h ^ h >> 32) % CHAINS];
}

static void take_newer(struct usage *to, const struct usage *u)
{
	if (u->last_login > to->last_login)
		to->last_login = u->last_login;
	if (u->measured < to->measured)
		return;
	to->measured = u->measured;
	if (u->used_bytes != NUMBER_NONE)
		to->used_bytes = u->used_bytes;
	if (u->used_messages != NUMBER_NONE)
		to->used_messages = u->used_messages;
}

bool gather_add(struct gather *g, const char *address, const struct usage *u)
{
	struct gathered **chain = chain_of(g, address);
	size_t size = strlen(address) + 1;

	for (struct gathered *one = *chain; one != NULL; one = one->next) {
		if (strcmp(one->address, address) == 0) {
			take_newer(&one->usage, u);
			return true;
		}
	}
	if (g->count == g->most)
		return false;
	struct gathered *one = alloc_zeroed(sizeof(*one) + size);
	one->usage = *u;
	memcpy(one->address, address, size);
	one->next = *chain;
	*chain = one;
	*g->last = one;
	g->last = &one->later;
	g->count++;
	return true;
}

size_t gather_count(const struct gather *g)
{
	return g->count;
}

struct gathered *gather_take(struct gather *g)
{
	struct gathered *one = g->first;

	if (one == NULL)
		return NULL;
	struct gathered **at = chain_of(g, one->address);
	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	g->first = one->later;
	if (g->first == NULL)
		g->last = &g->first;
	g->count--;
	return one;
}

void gather_free(struct gather **gather)
{
	struct gather *g = *gather;

	*gather = NULL;
	while (g != NULL && g->count > 0)
		free(gather_take(g));
	free(g);
}
