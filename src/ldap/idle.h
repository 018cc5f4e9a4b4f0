/*
 * idle - who has not logged in for a while
 *
 * Last logins stand in entries below the users', so one search tells who is in
 * question, and that of the users leaves the others out.
 */
#ifndef LDAP_IDLE_H
#define LDAP_IDLE_H

#include "ldap/store_parts.h"

struct idle;

/* Where users are searched for, and on whose behalf, as in op.  *ret is NULL
 * when all are wanted.  ERR_CONFLICT: it cannot be told. */
bool idle_find(struct ldap_store *s, const struct task *t,
	       const struct query *q, const struct operation *op,
	       struct idle **ret, struct err *e);

/* The filter of the users, and who was there at that time already. */
const char *idle_filter(struct arena *a, const struct query *q,
			const char *users);

/* Whether a user is wanted; his entry's name is as the directory sends it. */
bool idle_wants(const struct idle *i, const struct berval *dn);

/* Accepts NULL; for CLEANUP(). */
void idle_free(struct idle **i);

#endif
