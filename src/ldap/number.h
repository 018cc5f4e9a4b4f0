/*
 * number - small integers for clients that cannot take an entryUUID as a name
 *
 * Given when first asked for, out of a counter that all gateways share.
 */
#ifndef LDAP_NUMBER_H
#define LDAP_NUMBER_H

#include "ldap/store_parts.h"

/* Operation of the store. */
bool number_of(struct store *port, const struct task *t, enum kind k,
	       const char *key, int64_t *ret, struct err *e);

#endif
