/*
 * seen - the names that an input would have made so far
 *
 * Hashes of 64 bits that nobody can foresee, in memory that grows with them.
 */
#ifndef IMPORT_SEEN_H
#define IMPORT_SEEN_H

#include <stdbool.h>

#include "util/arena.h"

struct seen;

struct seen *seen_new(struct arena *a);
void seen_add(struct seen *s, const char *name);
bool seen_made(const struct seen *s, const char *name);

#endif
