#include "edition.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "util/alloc.h"

struct edition {
	struct arena *arena;
	struct conf conf;
	atomic_uint holders;
};

struct edition *edition_new(void)
{
	struct edition *ed = alloc_zeroed(sizeof(*ed));

	ed->arena = arena_new();
	atomic_init(&ed->holders, 1);
	return ed;
}

struct edition *edition_hold(struct edition *ed)
{
	atomic_fetch_add(&ed->holders, 1);
	return ed;
}

void edition_release(struct edition **edition)
{
	struct edition *ed = *edition;

	*edition = NULL;
	if (ed == NULL || atomic_fetch_sub(&ed->holders, 1) > 1)
		return;
	arena_free(ed->arena);
	free(ed);
}

struct arena *edition_arena(struct edition *ed)
{
	return ed->arena;
}

struct conf *edition_conf(struct edition *ed)
{
	return &ed->conf;
}
