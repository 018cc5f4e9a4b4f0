/*
 * roster - for the store: records by their numbers
 */
#ifndef LDAP_ROSTER_H
#define LDAP_ROSTER_H

#include "core/roster.h"
#include "ldap/store_parts.h"

/* Operation of the store. */
bool roster_read(struct store *port, const struct task *t,
		 const struct roster_query *q, struct roster *ret,
		 struct err *e);

#endif
