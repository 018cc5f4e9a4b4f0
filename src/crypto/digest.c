#include "crypto/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

enum { TOGETHER = 1024, KEY_MOST = 64 };

/* Most of what we digest is many small pieces and little in all: gathered, it
 * is digested in one call that needs no memory of its own, at half the cost. */
struct digest {
	gnutls_hash_hd_t hash; /* of what did not fit; NULL: all does */
	gnutls_hmac_hd_t hmac; /* instead, if there is a key */
	size_t key_size, used;
	unsigned char key[KEY_MOST], bytes[TOGETHER];
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
	struct digest *d = alloc_plain(sizeof(*d));

	if (key_size > KEY_MOST)
		abort();
	d->hash = NULL;
	d->hmac = NULL;
	d->used = 0;
	d->key_size = key_size;
	if (key_size > 0)
		memcpy(d->key, key, key_size);
	return d;
}

static void feed(struct digest *d, const void *bytes, size_t size)
{
	if (d->hash == NULL && d->hmac == NULL)
		must(d->key_size > 0
			     ? gnutls_hmac_init(&d->hmac, GNUTLS_MAC_SHA256,
						d->key, d->key_size)
			     : gnutls_hash_init(&d->hash, GNUTLS_DIG_SHA256));
	must(d->hmac != NULL ? gnutls_hmac(d->hmac, bytes, size)
			     : gnutls_hash(d->hash, bytes, size));
}

static void add(struct digest *d, const void *bytes, size_t size)
{
	if (size > TOGETHER - d->used) {
		feed(d, d->bytes, d->used);
		d->used = 0;
	}
	if (size > TOGETHER) {
		feed(d, bytes, size);
	} else if (size > 0) {
		memcpy(d->bytes + d->used, bytes, size);
		d->used += size;
	}
}

void digest_add(struct digest *d, const void *bytes, size_t size)
{
	uint64_t length = size;

	add(d, &length, sizeof(length));
	add(d, bytes, size);
}

void digest_add_bare(struct digest *d, const void *bytes, size_t size)
{
	add(d, bytes, size);
}

static void finish(struct digest *d, unsigned char ret[DIGEST_SIZE])
{
	if (d->hash != NULL || d->hmac != NULL)
		feed(d, d->bytes, d->used);
	if (d->hmac != NULL)
		gnutls_hmac_deinit(d->hmac, ret);
	else if (d->hash != NULL)
		gnutls_hash_deinit(d->hash, ret);
	else if (d->key_size > 0)
		must(gnutls_hmac_fast(GNUTLS_MAC_SHA256, d->key, d->key_size,
				      d->bytes, d->used, ret));
	else
		must(gnutls_hash_fast(GNUTLS_DIG_SHA256, d->bytes, d->used,
				      ret));
}

void digest_end(struct digest **digest, unsigned char ret[DIGEST_SIZE])
{
	struct digest *d = *digest;

	*digest = NULL;
	finish(d, ret);
	/* Passwords are digested here, under a secret key. */
	explicit_bzero(d->key, d->key_size);
	explicit_bzero(d->bytes, sizeof(d->bytes));
	free(d);
}

bool digest_equal(const unsigned char a[DIGEST_SIZE],
		  const unsigned char b[DIGEST_SIZE])
{
	return gnutls_memcmp(a, b, DIGEST_SIZE) == 0;
}
