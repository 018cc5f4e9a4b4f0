/*
 * audit_walk - goes through the log of changes backwards
 *
 * slapd finds a time in a long log only by counting all that is behind it, and
 * that takes the longer the square of it.  So the seals are our index: they
 * are numbered, each names its records, and where they were written.  Only what
 * is not sealed yet is searched by time.
 */
#ifndef LDAP_AUDIT_WALK_H
#define LDAP_AUDIT_WALK_H

#include "core/audit.h"
#include "ldap/audit_seal.h"
#include "ldap/places.h"
#include "ldap/store_parts.h"

struct audit_walk {
	struct ldap_store *store;
	const struct task *task;
	const char *lower, *upper;  /* entryCSN: from, and before */
	const char *filter;         /* what else must hold; or NULL */
	const struct place *places; /* NULL: everywhere */
	size_t place_count;
	const char *request; /* of that one; or NULL */
	bool unknown;        /* how it was asked for may not be read */

	struct audit_record *records; /* room for `limit` */
	size_t count, limit;
	const char *last; /* up to where was looked */
	bool more;
	int64_t until; /* by clock_now(): then it stops where it is */
};

/* Newest first, until there are enough or nothing is left, or it has looked
 * long enough. */
bool audit_walk(struct audit_walk *w, struct err *e);

/* Records of these, which are sorted, newest last; as the caller. */
bool audit_walk_fetch(struct audit_walk *w, const char *const *csns,
		      size_t count, struct err *e);

/* A seal by its number, without its records if it is not to be whole; its own
 * number is 0 if there is none. */
bool audit_seal_get(struct ldap_store *s, const struct task *t, int64_t number,
		    bool whole, struct seal *ret, struct err *e);

#endif
