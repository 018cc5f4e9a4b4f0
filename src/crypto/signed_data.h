/*
 * signed_data - content with a signature around it (CMS, RFC 5652)
 */
#ifndef CRYPTO_SIGNED_DATA_H
#define CRYPTO_SIGNED_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/err.h"

/* Who signs, as PEM: RSA or ECDSA. */
struct signed_data_signer {
	const char *certificates; /* his, then those between it and its
				   * authority, 8 at most */
	const char *key;          /* without a password */
};

/* In DER, with the content, the time and these certificates in it.  It takes
 * about as long as a TLS handshake.  ERR_INVALID: the signer is no good, or
 * the key is not that of his certificate. */
bool signed_data_make(struct arena *a, const struct signed_data_signer *s,
		      const char *content, size_t size, const char **ret,
		      size_t *ret_size, struct err *e);

#endif
