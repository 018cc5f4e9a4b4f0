/*
 * whereabouts - where in a text something is, by the name that it is about
 *
 * What belongs to one record may be anywhere in a dump.  So the places are
 * noted in a first run, 32 bytes for each, and what stands there is read again
 * when its record comes.  Names are told apart by hashes of 64 bits that nobody
 * can foresee.
 */
#ifndef IMPORT_WHEREABOUTS_H
#define IMPORT_WHEREABOUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/err.h"

enum { WHEREABOUTS_MAX = 16 * 1024 * 1024 };

struct place {
	uint64_t hash;
	size_t at, line;
	const void *how; /* to read it, as its reader knows */
};

struct whereabouts;

struct whereabouts *whereabouts_new(struct arena *a);

/* False: there are too many. */
bool whereabouts_add(struct whereabouts *p, const char *name,
		     const struct place *place, struct err *e);

/* Those of that name, in the order of the text.  After the first question none
 * are added. */
const struct place *whereabouts_find(struct whereabouts *p, const char *name,
				     size_t *count);

bool whereabouts_has(struct whereabouts *p, const char *name);

/* Whether nothing of that name is before it. */
bool whereabouts_is_first(struct whereabouts *p, const char *name, size_t at);

#endif
