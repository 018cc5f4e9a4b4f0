/*
 * expiry - the part of the store that takes out of force what has expired
 */
#ifndef LDAP_EXPIRY_H
#define LDAP_EXPIRY_H

#include "core/store.h"

/* As store_ops.expire. */
bool ldap_expire(struct store *port, const struct task *t, const char *from,
		 const char *to, bool *more, struct err *e);

#endif
