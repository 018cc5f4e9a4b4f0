/*
 * sender - whom a user may send as besides himself
 *
 * Who lets him send as an address could have made that address.
 */
#ifndef CORE_SENDER_H
#define CORE_SENDER_H

#include "core/gateway.h"
#include "core/user.h"

/* Notes a fault for each domain in which the caller may not create addresses.
 * What was granted before is not asked for again; old may be NULL. */
bool sender_check(const struct gateway *g, const struct task *t,
		  const struct user *old, const struct user *u, struct err *e);

#endif
