/*
 * change_walk - goes through the log of changes forwards, from any place on,
 * with the gateway's own rights
 *
 * A place is the entryCSN of a record: slapd gives them out one after the other
 * under a lock, and its log has the records in that order.  What is new is
 * found by it at once; in a long log that would cost the square of what is
 * behind it, so further back the seals are the index, as in ldap/audit_walk.h.
 */
#ifndef LDAP_CHANGE_WALK_H
#define LDAP_CHANGE_WALK_H

#include "core/change.h"
#include "ldap/store_parts.h"

enum { CHANGE_PLACE = 64 }; /* bytes of a place, with its NUL */

struct change_walk {
	struct ldap_store *store;
	const struct task *task; /* without a caller */
	const char *reached;     /* behind that; then up to where was looked */
	size_t limit;            /* records that are looked at, about */

	struct change *items;
	size_t count, room;
	bool more;
};

/* From anywhere. */
bool change_walk(struct change_walk *w, struct err *e);

/* From near the end. */
bool change_walk_tail(struct change_walk *w, struct err *e);

/* The last place of the log, if something is behind that one; else itself. */
bool change_walk_end(struct ldap_store *s, const struct task *t,
		     const char *from, const char **ret, struct err *e);

/* A place before everything in an empty log. */
const char *change_walk_begin(struct arena *a);

/* Whether that is how a place looks; whether it is one of this log. */
bool change_walk_is_place(const char *text);
bool change_walk_knows(struct ldap_store *s, const struct task *t,
		       const char *place, bool *ret, struct err *e);

#endif
