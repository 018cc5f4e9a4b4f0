/*
 * audit_newest - the newest of any number of records, in bounded memory
 */
#ifndef LDAP_AUDIT_NEWEST_H
#define LDAP_AUDIT_NEWEST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"

enum { NEWEST_CSN = 64 }; /* an entryCSN has 40 bytes */

/* By their entryCSN, which come in about the order of time. */
struct newest {
	struct arena *arena;
	char (*items)[NEWEST_CSN]; /* grows with what there is */
	size_t count, room, limit;
	size_t next;  /* which one goes when another comes */
	bool dropped; /* there were more than `limit` */
};

struct newest newest_of(struct arena *a, size_t limit);

/* It is copied; one that is too long to be one is left out. */
void newest_add(struct newest *n, const char *csn);

/* All of them, `count`, the oldest first. */
const char *const *newest_sorted(const struct newest *n);

#endif
