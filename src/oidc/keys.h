/*
 * keys - the public keys of a provider: a JWK Set (RFC 7517)
 *
 * Never changed once made, so that many threads may use it; the last to let go
 * frees it.  Of each key only what it consists of is kept: certificates and
 * places where there would be some are not looked at.
 */
#ifndef OIDC_KEYS_H
#define OIDC_KEYS_H

#include "oidc/jwt.h"

struct keys;

/* Let the library that verifies wipe what it frees and never lack memory.
 * Call before anything else here, after json_text_prepare(). */
void keys_prepare(void);

/* Those of the set that are good for verifying; NULL, with e set, if it is no
 * set or there are none.  Held once. */
struct keys *keys_parse(struct arena *a, const char *text, size_t size,
			struct err *e);

struct keys *keys_hold(struct keys *k);
void keys_release(struct keys **k); /* accepts NULL */

size_t keys_count(const struct keys *k);

/* Whether they were made of the same bytes. */
bool keys_equal(const struct keys *a, const struct keys *b);

/* Whether there is a key that may have signed it. */
bool keys_know(const struct keys *k, const struct jwt *t);

/* Whether one of them has signed it.  Costs processor time. */
bool keys_verify(const struct keys *k, const struct jwt *t, struct err *e);

#endif
