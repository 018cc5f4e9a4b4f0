#include "passwd/credential.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <string.h>

#include "util/base64.h"
#include "util/random.h"

/* RFC 7677 wants 4,096 at least, Dovecot takes 131,072 at most; clients have to
 * do them, too. */
enum { ITERATIONS = 32768, SALT_SIZE = 16, KEY_MAX = SHA256_DIGEST_SIZE };

static const uint8_t *bytes_of(const char *text)
{
	return (const uint8_t *)text;
}

/* "iterations,salt,stored key,server key", all but the first in base64. */
static const char *written(struct arena *a, const char *scheme,
			   const uint8_t *salt, const uint8_t *stored,
			   const uint8_t *server, size_t size)
{
	return arena_printf(a, "{%s}%d,%s,%s,%s", scheme, ITERATIONS,
			    base64_encode(a, salt, SALT_SIZE),
			    base64_encode(a, stored, size),
			    base64_encode(a, server, size));
}

/* RFC 5802 section 3, for one hash; a macro, for nettle has a type for each. */
#define SCRAM(hash, HASH, scheme)                                              \
	static void hash##_keyed(const uint8_t *key, const char *text,         \
				 uint8_t *ret)                                 \
	{                                                                      \
		struct hmac_##hash##_ctx ctx;                                  \
                                                                               \
		hmac_##hash##_set_key(&ctx, HASH##_DIGEST_SIZE, key);          \
		hmac_##hash##_update(&ctx, strlen(text), bytes_of(text));      \
		hmac_##hash##_digest(&ctx, HASH##_DIGEST_SIZE, ret);           \
		explicit_bzero(&ctx, sizeof(ctx));                             \
	}                                                                      \
                                                                               \
	static const char *scram_##hash(struct arena *a, const char *clear)    \
	{                                                                      \
		uint8_t salt[SALT_SIZE], salted[KEY_MAX], client[KEY_MAX];     \
		uint8_t stored[KEY_MAX], server[KEY_MAX];                      \
		struct hash##_ctx ctx;                                         \
                                                                               \
		random_bytes(salt, sizeof(salt));                              \
		pbkdf2_hmac_##hash(strlen(clear), bytes_of(clear), ITERATIONS, \
				   SALT_SIZE, salt, HASH##_DIGEST_SIZE,        \
				   salted);                                    \
		hash##_keyed(salted, "Client Key", client);                    \
		hash##_keyed(salted, "Server Key", server);                    \
		hash##_init(&ctx);                                             \
		hash##_update(&ctx, HASH##_DIGEST_SIZE, client);               \
		hash##_digest(&ctx, HASH##_DIGEST_SIZE, stored);               \
		explicit_bzero(salted, sizeof(salted));                        \
		explicit_bzero(client, sizeof(client));                        \
		return written(a, scheme, salt, stored, server,                \
			       HASH##_DIGEST_SIZE);                            \
	}

SCRAM(sha1, SHA1, "SCRAM-SHA-1")
SCRAM(sha256, SHA256, "SCRAM-SHA-256")

/* The state of MD5 after the first block of an HMAC (RFC 2104), which has the
 * key in it: what is kept in the place of the key. */
static void half(const uint8_t key[MD5_BLOCK_SIZE], uint8_t pad,
		 char ret[2 * MD5_DIGEST_SIZE + 1])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t block[MD5_BLOCK_SIZE];
	struct md5_ctx ctx;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	md5_init(&ctx);
	nettle_md5_compress(ctx.state, block);
	for (size_t i = 0; i < 2 * MD5_DIGEST_SIZE; i++) {
		uint32_t byte = ctx.state[i / 8] >> (i % 8 / 2 * 8) & 0xff;

		ret[i] = hex[i % 2 == 0 ? byte >> 4 : byte & 15];
	}
	ret[2 * MD5_DIGEST_SIZE] = '\0';
	explicit_bzero(block, sizeof(block));
	explicit_bzero(&ctx, sizeof(ctx));
}

static const char *cram_md5(struct arena *a, const char *clear)
{
	char outer[2 * MD5_DIGEST_SIZE + 1], inner[2 * MD5_DIGEST_SIZE + 1];
	uint8_t key[MD5_BLOCK_SIZE] = {0};
	size_t size = strlen(clear);
	struct md5_ctx ctx;

	if (size > sizeof(key)) {
		md5_init(&ctx);
		md5_update(&ctx, size, bytes_of(clear));
		md5_digest(&ctx, MD5_DIGEST_SIZE, key);
	} else {
		memcpy(key, clear, size);
	}
	half(key, 0x5c, outer);
	half(key, 0x36, inner);
	explicit_bzero(key, sizeof(key));
	return arena_printf(a, "{CRAM-MD5}%s%s", outer, inner);
}

static const struct {
	const char *name;
	size_t offset;
	const char *(*make)(struct arena *a, const char *clear);
} credentials[] = {
	{"scram-sha-256", offsetof(struct stored_password, scram_sha_256),
	 scram_sha256},
	{"scram-sha-1", offsetof(struct stored_password, scram_sha_1),
	 scram_sha1},
	{"cram-md5", offsetof(struct stored_password, cram_md5), cram_md5},
};

static bool add(const char *name, size_t size, uint32_t *set)
{
	for (size_t i = 0; i < COUNT(credentials); i++) {
		if (strncmp(credentials[i].name, name, size) == 0 &&
		    credentials[i].name[size] == '\0') {
			*set |= UINT32_C(1) << i;
			return true;
		}
	}
	return false;
}

bool credential_parse(const char *list, uint32_t *ret, struct err *e)
{
	static const char between[] = " ,";

	*ret = 0;
	for (const char *at = list != NULL ? list : ""; *at != '\0';) {
		size_t size = strcspn(at, between);

		if (size > 0 && !add(at, size, ret))
			return err_set(e, ERR_INVALID,
				       "\"%.*s\" is none of scram-sha-256, "
				       "scram-sha-1 and cram-md5",
				       (int)size, at);
		at += size;
		at += strspn(at, between);
	}
	return true;
}

void credential_make(uint32_t set, struct arena *a, const char *clear,
		     struct stored_password *ret)
{
	for (size_t i = 0; i < COUNT(credentials); i++) {
		if (set >> i & 1)
			*(const char **)((char *)ret + credentials[i].offset) =
				credentials[i].make(a, clear);
	}
}
