/*
 * tag - an address in the parts that lookups are made of
 */
#ifndef CORE_TAG_H
#define CORE_TAG_H

#include "util/arena.h"

struct tagged {
	const char *tag;  /* "+tag", or "" */
	const char *base; /* without the tag */
	const char *domain, *catch_all;
};

/* The delimiter begins a tag; '\0': there are none. */
struct tagged tag_split(struct arena *a, const char *address, char delimiter);

const char *tag_join(struct arena *a, const char *base, const char *tag);

#endif
