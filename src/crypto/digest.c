#include "crypto/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/alloc.h"

struct digest {
	gnutls_hash_hd_t hash;
	gnutls_hmac_hd_t hmac; /* instead, if there is a key */
};

static void must(int rc)
{
	if (rc == GNUTLS_E_MEMORY_ERROR)
		alloc_die();
	if (rc < 0) {
		fprintf(stderr, "no SHA-256: %s\n", gnutls_strerror(rc));
		abort();
	}
}

struct digest *digest_begin(const void *key, size_t key_size)
{
	struct digest *d = alloc_zeroed(sizeof(*d));

	if (key_size > 0)
		must(gnutls_hmac_init(&d->hmac, GNUTLS_MAC_SHA256, key,
				      key_size));
	else
		must(gnutls_hash_init(&d->hash, GNUTLS_DIG_SHA256));
	return d;
}

static void add(struct digest *d, const void *bytes, size_t size)
{
	must(d->hmac != NULL ? gnutls_hmac(d->hmac, bytes, size)
			     : gnutls_hash(d->hash, bytes, size));
}

void digest_add(struct digest *d, const void *bytes, size_t size)
{
	uint64_t length = size;

	add(d, &length, sizeof(length));
	add(d, bytes, size);
}

void digest_end(struct digest **digest, unsigned char ret[DIGEST_SIZE])
{
	struct digest *d = *digest;

	*digest = NULL;
	if (d->hmac != NULL)
		gnutls_hmac_deinit(d->hmac, ret);
	else
		gnutls_hash_deinit(d->hash, ret);
	free(d);
}

bool digest_equal(const unsigned char a[DIGEST_SIZE],
		  const unsigned char b[DIGEST_SIZE])
{
	return gnutls_memcmp(a, b, DIGEST_SIZE) == 0;
}
