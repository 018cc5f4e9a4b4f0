/*
 * digest - SHA-256 (FIPS 180-4), with or without a key (HMAC, RFC 2104)
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { DIGEST_SIZE = 32 };

struct digest;

/* With a key of at most 64 bytes if key_size > 0.  Never fails: without a
 * working SHA-256 the process ends. */
struct digest *digest_begin(const void *key, size_t key_size);

/* Each piece counts with its length, so that "ab","c" is not "a","bc". */
void digest_add(struct digest *d, const void *bytes, size_t size);

/* The bytes alone, for what others digest, too. */
void digest_add_bare(struct digest *d, const void *bytes, size_t size);

/* Releases d. */
void digest_end(struct digest **d, unsigned char ret[DIGEST_SIZE]);

/* Takes the same time whatever differs. */
bool digest_equal(const unsigned char a[DIGEST_SIZE],
		  const unsigned char b[DIGEST_SIZE]);

#endif
