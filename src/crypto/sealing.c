#include "crypto/sealing.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/base64.h"
#include "util/random.h"

enum { NONCE = 12, TAG = 16 };

static void must(int rc)
{
	if (rc == GNUTLS_E_MEMORY_ERROR)
		alloc_die();
	if (rc < 0) {
		fprintf(stderr, "no AES-256-GCM: %s\n", gnutls_strerror(rc));
		abort();
	}
}

static gnutls_aead_cipher_hd_t begin(const unsigned char key[SEALING_KEY])
{
	unsigned char copy[SEALING_KEY];
	const gnutls_datum_t datum = {copy, sizeof(copy)};
	gnutls_aead_cipher_hd_t cipher;

	memcpy(copy, key, sizeof(copy));
	must(gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM,
				     &datum));
	explicit_bzero(copy, sizeof(copy));
	return cipher;
}

const char *sealing_close(struct arena *a, const unsigned char key[SEALING_KEY],
			  const char *name, const char *text)
{
	size_t size = strlen(text), room = size + TAG;
	unsigned char *all = arena_alloc(a, NONCE + room);
	gnutls_aead_cipher_hd_t cipher = begin(key);

	random_bytes(all, NONCE);
	must(gnutls_aead_cipher_encrypt(cipher, all, NONCE, name, strlen(name),
					TAG, text, size, all + NONCE, &room));
	gnutls_aead_cipher_deinit(cipher);
	return base64_encode(a, all, NONCE + room);
}

bool sealing_open(struct arena *a, const unsigned char key[SEALING_KEY],
		  const char *name, const char *sealed, const char **ret)
{
	char *all, *text;
	size_t size;

	if (!base64_decode(a, sealed, &all, &size) || size < NONCE + TAG)
		return false;
	size_t room = size - NONCE - TAG;
	text = arena_alloc(a, room + 1);
	gnutls_aead_cipher_hd_t cipher = begin(key);
	int rc = gnutls_aead_cipher_decrypt(cipher, all, NONCE, name,
					    strlen(name), TAG, all + NONCE,
					    size - NONCE, text, &room);
	gnutls_aead_cipher_deinit(cipher);
	if (rc == GNUTLS_E_MEMORY_ERROR)
		alloc_die();
	text[room] = '\0';
	*ret = text;
	return rc >= 0 && strlen(text) == room;
}
