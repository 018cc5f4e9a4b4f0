/*
 * rehearse - a write of a task that writes nothing (core/rehearsal.h)
 *
 * With the caller's rights it is sent with the no-op control, so that slapd
 * checks schema, constraints, access and all that its overlays do.  What the
 * gateway writes under its own name is not sent at all; of that, what it keeps
 * below ou=journal is not worth noting either.
 */
#ifndef LDAP_REHEARSE_H
#define LDAP_REHEARSE_H

#include "ldap/store_parts.h"

/* Whether that operation would change something now. */
bool rehearse_is_due(const struct task *t, const struct operation *op);

/* In place of running it: success if it would have been done. */
bool rehearse(struct ldap_store *s, const struct task *t, struct operation *op,
	      int64_t deadline, const char *what, struct err *e);

#endif
