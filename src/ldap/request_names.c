#include "ldap/request_names.h"

#include <stdio.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/sealing.h"

_Static_assert((int)DIGEST_SIZE == (int)SEALING_KEY, "a digest makes a key");
_Static_assert(ORIGIN_BYTES % DIGEST_SIZE == 0, "an origin is whole digests");

struct piece {
	const void *bytes;
	size_t size;
};

static struct piece text(const char *s)
{
	return (struct piece){s, s != NULL ? strlen(s) : 0};
}

/* What for comes first, so that none can be taken for another. */
static void derive(const char *secret, const char *what_for,
		   const struct piece pieces[], size_t count,
		   unsigned char ret[DIGEST_SIZE])
{
	struct digest *d = digest_begin(secret, strlen(secret));

	digest_add(d, what_for, strlen(what_for));
	for (size_t i = 0; i < count; i++)
		digest_add(d, pieces[i].bytes, pieces[i].size);
	digest_end(&d, ret);
}

static const char *hex(struct arena *a, const unsigned char digest[DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *ret = arena_alloc(a, 2 * DIGEST_SIZE + 1);

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[2 * DIGEST_SIZE] = '\0';
	return ret;
}

/* As many digests as it takes, each of another number. */
static void fill(const char *secret, struct piece pieces[], size_t count,
		 unsigned char origin[ORIGIN_BYTES])
{
	unsigned char number = 0;

	pieces[count] = (struct piece){&number, sizeof(number)};
	for (size_t at = 0; at < ORIGIN_BYTES; at += DIGEST_SIZE, number++)
		derive(secret, "origin", pieces, count + 1, origin + at);
}

struct request_names request_names(const struct task *t, const char *secret,
				   const struct asked *asked,
				   unsigned char origin[ORIGIN_BYTES])
{
	enum { WHICH = 3 };
	struct piece pieces[WHICH + 2] = {text(t->caller->identity),
					  text(t->caller->key),
					  text(asked->key)};
	unsigned char id[DIGEST_SIZE], caller[DIGEST_SIZE],
		content[DIGEST_SIZE], mark[DIGEST_SIZE];
	unsigned char *seal = arena_alloc(t->arena, DIGEST_SIZE);

	derive(secret, "id", pieces, WHICH, id);
	derive(secret, "seal", pieces, WHICH, seal);
	derive(secret, "caller", pieces, 1, caller);
	fill(secret, pieces, WHICH, origin);
	pieces[WHICH] = text(asked->what);
	pieces[WHICH + 1] = (struct piece){asked->body, asked->body_size};
	derive(secret, "content", pieces, WHICH + 2, content);
	derive(secret, "mark", pieces, WHICH + 2, mark);
	return (struct request_names){.id = hex(t->arena, id),
				      .caller = hex(t->arena, caller),
				      .content = hex(t->arena, content),
				      .mark = hex(t->arena, mark),
				      .seal = seal};
}
