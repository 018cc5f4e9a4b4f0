/*
 * gather - keeps what was told of users until it is written
 *
 * Of each user only the newest counts, so that somebody who logs in all the
 * time costs no more writes than others.
 */
#ifndef CORE_GATHER_H
#define CORE_GATHER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/usage.h"

struct gather;

/* One user's. */
struct gathered {
	struct gathered *next, *later; /* in its chain; in the order it came */
	struct usage usage;
	char address[];
};

/* At most that many users. */
struct gather *gather_new(size_t most);

/* What is newer takes the place of what is there, member by member.  False,
 * with nothing kept, when there is no room for one more user. */
bool gather_add(struct gather *g, const char *address, const struct usage *u);

size_t gather_count(const struct gather *g);

/* Take out the user who has waited longest; for free().  NULL: nobody. */
struct gathered *gather_take(struct gather *g);

/* Accepts NULL. */
void gather_free(struct gather **g);

#endif
