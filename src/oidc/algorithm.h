/*
 * algorithm - the ways of signing that a token may name (RFC 7518, 8037)
 *
 * There is none for "none" and for HMAC: whoever can verify those can also
 * sign.
 */
#ifndef OIDC_ALGORITHM_H
#define OIDC_ALGORITHM_H

#include <stdbool.h>
#include <stddef.h>

#include "util/err.h"

struct algorithm {
	const char *name;
	const char *type;  /* "kty" of its keys */
	const char *curve; /* "crv" of its keys; NULL: RSA */
	size_t signature;  /* its bytes; 0: as many as the key's modulus has */
};

/* NULL where it is not among those allowed, names with blanks between. */
const struct algorithm *algorithm_find(const char *name, const char *allowed);

/* Whether all of these names are of algorithms, and at least one. */
bool algorithm_check(const char *allowed, struct err *e);

/* How many bytes each coordinate has of a key on that curve; 0: unknown. */
size_t algorithm_coordinate(const char *type, const char *curve);

#endif
