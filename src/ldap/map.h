/*
 * map - turns directory entries into records and back, driven by tables
 *
 * The tables are in ldap/schema.c; this code has no attribute name in it.
 */
#ifndef LDAP_MAP_H
#define LDAP_MAP_H

#include "ldap/entry.h"
#include "util/field.h"

enum map_flags {
	MAP_MUST = 1 << 0,        /* an entry without it is broken */
	MAP_FIXED = 1 << 1,       /* written once, never modified */
	MAP_WRITE_ONLY = 1 << 2,  /* never read: a secret, or a copy */
	MAP_READ_ONLY = 1 << 3,   /* the directory's own */
	MAP_VOLATILE = 1 << 4,    /* does not count for the ETag */
	MAP_TIME = 1 << 5,        /* GeneralizedTime there, RFC 3339 here */
	MAP_ABSENT_TRUE = 1 << 6, /* a flag that is set unless it says not */
	MAP_AS_KEPT = 1 << 7,     /* a list in the directory's own order */
	MAP_IF_TRUE = 1 << 8,     /* a flag that is absent unless it is set */
	MAP_FOLLOWS = 1 << 9,     /* written or removed with the row before */
	MAP_ELSEWHERE = 1 << 10, /* not in the entry, and counts for the ETag */
	MAP_LOGIN = 1 << 11,     /* a DN there, who it names here */
	MAP_BYTES = 1 << 12,     /* there; what is no text is not listed */
};

struct map_attr {
	const char *name;
	struct field field;
	unsigned flags;
};

struct map {
	const char *const *classes; /* objectClass values, NULL-terminated */
	const char *class;          /* the one that tells the kind */
	const struct map_attr *attrs;
};

/* RFC 3339 in UTC as GeneralizedTime (RFC 4517 3.3.13). */
char *map_time(struct arena *a, const char *s);
const char *map_instant(struct arena *a, const char *s); /* back */

/* One modification; the values are ended by NULL, which alone means none. */
LDAPMod *map_mod(struct arena *a, int op, const char *name, char **values);

/* The attributes to ask for, and the guard's; ended by NULL. */
const char *const *map_wanted(const struct map *m, struct arena *a,
			      const char *guard);

/* Sets every member that the table names. */
bool map_read(const struct map *m, struct arena *a, const struct entry *en,
	      void *record, struct err *e);

/* The same of what the directory makes by itself when it writes. */
const char *const *map_made(const struct map *m, struct arena *a,
			    const char *guard);
bool map_read_made(const struct map *m, struct arena *a, const struct entry *en,
		   void *record, struct err *e);

/* Everything the record has; for an add. */
LDAPMod **map_add(const struct map *m, struct arena *a, const void *record);

/* What differs; NULL if nothing does. */
LDAPMod **map_change(const struct map *m, struct arena *a, const void *old,
		     const void *record);

/* A word that changes with every member that counts. */
const char *map_digest(const struct map *m, struct arena *a,
		       const void *record);

#endif
