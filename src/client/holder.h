/*
 * holder - who holds the port that a URL names
 *
 * Ports above 1023 are anybody's while the gateway does not run: whoever holds
 * one gets the password that is sent there.
 */
#ifndef CLIENT_HOLDER_H
#define CLIENT_HOLDER_H

#include <sys/types.h>

#include "util/err.h"

/* False if that is known to be somebody else than root, the owner and us.  Of
 * another machine nothing is known, nor where nobody listens. */
bool holder_check(const char *url, uid_t owner, struct err *e);

/* False if a password would go over a network in the clear. */
bool holder_is_private(const char *url, struct err *e);

/* Whether it names this machine. */
bool holder_is_near(const char *url);

#endif
