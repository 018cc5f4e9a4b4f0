#include "ldap/key_parts.h"

#include <string.h>

#include "ldap/dn.h"
#include "ldap/schema.h"
#include "util/text.h"

enum {
	FOREIGN_DIGITS = 40,
	FOREIGN_DIFFERENT = 6, /* of 16, that are in it */
	FOREIGN_PIECES = 3,    /* of a digest, that a key is made of */
};
_Static_assert((int)FOREIGN_PIECES *(int)DIGEST_SIZE >= (int)KEYTEXT_BYTES,
	       "there are as many bytes");

const char schema_key_hash[] = "provostKeyHash";
const char schema_key_used[] = "provostKeyLastUsed";
const char schema_key_source[] = "provostKeyLastSource";

/* clang-format off */
#define F(member) FIELD(struct key, member)
static const struct map_attr attrs[] = {
	{"provostKeyId",         F(id),             MAP_MUST | MAP_FIXED},
	{"provostEnabled",       F(enabled),        MAP_MUST},
	{"provostKeyLabel",      F(label),          0},
	{"provostKeyScope",      F(scopes),         0},
	{"provostKeyDomain",     F(domains),        0},
	{"provostKeyNetwork",    F(networks),       0},
	{"provostExpires",       F(expires_at),     MAP_TIME},
	{"createTimestamp",      F(created_at),     MAP_READ_ONLY | MAP_TIME},
	{"provostKeyLastUsed",   F(last_used_at),   MAP_READ_ONLY | MAP_TIME | MAP_VOLATILE},
	{"provostKeyLastSource", F(last_used_from), MAP_READ_ONLY | MAP_VOLATILE},
	{NULL,                   {0, 0},            0},
};
#undef F
/* clang-format on */

static const char *const classes[] = {"provostApiKey", NULL};
static const struct map map = {classes, "provostApiKey", attrs};

const struct map *key_map(void)
{
	return &map;
}

const char *key_dn(struct arena *a, const char *owner, const char *id)
{
	return dn_child(a, schema_key_id, id, owner);
}

void key_digest(const struct keytext *text, const char *owner_id,
		unsigned char ret[DIGEST_SIZE])
{
	static const char purpose[] = "provost api key";
	unsigned char key[DIGEST_SIZE];
	struct digest *d = digest_begin(purpose, strlen(purpose));

	digest_add(d, text->id, strlen(text->id));
	digest_add(d, owner_id, strlen(owner_id));
	digest_end(&d, key);
	d = digest_begin(key, sizeof(key));
	digest_add(d, text->secret, strlen(text->secret));
	digest_end(&d, ret);
	explicit_bzero(key, sizeof(key));
}

/* As random as it was there, as far as that can be told. */
static bool is_foreign(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t different = 0;

	for (const char *digit = digits; *digit != '\0'; digit++)
		different += strchr(text, *digit) != NULL;
	return strlen(text) == FOREIGN_DIGITS &&
	       strspn(text, digits) == FOREIGN_DIGITS &&
	       different >= FOREIGN_DIFFERENT;
}

bool key_adopt(const char *login, const char *foreign, struct keytext *ret)
{
	static const char purpose[] = "provost key of DinoMail";
	unsigned char bytes[FOREIGN_PIECES * DIGEST_SIZE];

	if (!is_foreign(foreign))
		return false;
	struct arena *a = arena_new();
	const char *name = text_lower(a, login);
	for (unsigned char i = 0; i < FOREIGN_PIECES; i++) {
		struct digest *d = digest_begin(purpose, strlen(purpose));

		digest_add(d, &i, sizeof(i));
		digest_add(d, name, strlen(name));
		digest_add(d, foreign, strlen(foreign));
		digest_end(&d, bytes + i * DIGEST_SIZE);
	}
	keytext_of(bytes, ret);
	explicit_bzero(bytes, sizeof(bytes));
	arena_free(a);
	return true;
}
