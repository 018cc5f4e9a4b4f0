/*
 * reading - records out of the entries that a search finds
 */
#ifndef LDAP_READING_H
#define LDAP_READING_H

#include "core/kind.h"
#include "ldap/entry.h"
#include "ldap/map.h"

/* Where the entries of a search go: record after record. */
struct reading {
	enum kind kind;
	const struct map *map;
	struct arena *arena;
	char *records;
	size_t size, room, count;
	const char *guard; /* of the last one */
	bool hashes;       /* of users, too */
	struct err err;
};

/* The attribute that holds the hash of a password. */
extern const char reading_hash[];

/* What to ask for, if they are wanted: these, and the hash. */
const char *const *reading_wanted(struct arena *a, const char *const want[]);

/* The next record, which has its defaults already; it does not count yet. */
bool reading_add(struct reading *r, const struct entry *en, struct err *e);

/* For a search of such entries alone. */
void reading_each(void *ctx, LDAP *ld, LDAPMessage *message);

#endif
