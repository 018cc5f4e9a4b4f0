/*
 * suffixes - which names are those below which everybody may register
 */
#ifndef CORE_SUFFIXES_H
#define CORE_SUFFIXES_H

#include <stdbool.h>

#include "util/arena.h"

struct suffixes;

struct suffixes_ops {
	/* Whether a domain is one itself, such as "org" or "co.uk". */
	bool (*is_public)(const struct suffixes *s, const char *domain);

	/* The part of a domain that somebody registered; NULL: none. */
	const char *(*registered)(const struct suffixes *s, const char *domain);
};

struct suffixes {
	const struct suffixes_ops *ops;
};

#endif
