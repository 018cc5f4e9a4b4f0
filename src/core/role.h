/*
 * role - the rights that hang on an address, and whoever gets it next
 *
 * A role or group names a user by his address.  Whoever has the address has the
 * role: so an address that is still named is nobody's, and who cannot take its
 * roles away cannot take the user away either.
 */
#ifndef CORE_ROLE_H
#define CORE_ROLE_H

#include "core/gateway.h"

/* ERR_CONFLICT, "has_role", if a role still names it; told only to who may make
 * addresses there. */
bool role_none(const struct gateway *g, const struct task *t, enum kind k,
	       const char *login, struct err *e);

/* Whether any names it.  The same error if the caller could not give each of
 * them to `to` or, with NULL, take it away; that of the store's may_remove() if
 * he may not have the user go at all. */
bool role_movable(const struct gateway *g, const struct task *t, enum kind k,
		  const char *address, const char *to, bool *any,
		  struct err *e);

/* The last look before it goes: the same error if any is left. */
bool role_gone(const struct gateway *g, const struct task *t,
	       const char *address, struct err *e);

#endif
