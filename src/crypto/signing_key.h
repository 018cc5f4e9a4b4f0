/*
 * signing_key - private keys for signatures: RSA and Ed25519
 *
 * Making an RSA key takes up to some seconds: not on a loop.
 */
#ifndef CRYPTO_SIGNING_KEY_H
#define CRYPTO_SIGNING_KEY_H

#include <stdbool.h>

#include "util/arena.h"
#include "util/err.h"

enum signing_type { SIGNING_RSA, SIGNING_ED25519 };

struct signing_key {
	enum signing_type type;
	unsigned bits;
	const char *pem;    /* PKCS#8, without a password */
	const char *public; /* base64 of the SubjectPublicKeyInfo (RSA) or of
			     * the key's 32 bytes, as DKIM publishes them */
};

/* The bits count for RSA alone. */
bool signing_key_make(struct arena *a, enum signing_type type, unsigned bits,
		      struct signing_key *ret, struct err *e);

/* PKCS#8 or PKCS#1 in PEM, without a password.  ERR_INVALID: it is none, or of
 * another type. */
bool signing_key_read(struct arena *a, const char *pem, struct signing_key *ret,
		      struct err *e);

/* Base64 of the 32 bytes that an Ed25519 key is made of (RFC 8032). */
bool signing_key_seed(struct arena *a, const char *pem, const char **ret,
		      struct err *e);

#endif
