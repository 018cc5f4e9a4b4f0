#include "core/keytext.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "util/random.h"

enum {
	CRC24_START = 0xb704ce, /* RFC 4880 section 6.1 */
	CRC24_POLYNOMIAL = 0x1864cfb,
	LETTER_BITS = 5,
};

static const char prefix[] = "pvt_";
static const char letters[] = "abcdefghjkmnpqrstuvwxyz123456789";

static uint32_t crc24(uint32_t crc, const char *text)
{
	for (; *text != '\0'; text++) {
		crc ^= (uint32_t)(unsigned char)*text << 16;
		for (int i = 0; i < 8; i++) {
			crc <<= 1;
			if ((crc & 0x1000000) != 0)
				crc ^= CRC24_POLYNOMIAL;
		}
	}
	return crc & 0xffffff;
}

/* Of all that precedes it, so that no id goes with the secret of another. */
static void checksum(const struct keytext *k, char ret[KEYTEXT_CHECK + 1])
{
	uint32_t crc = crc24(CRC24_START, prefix);

	crc = crc24(crc, k->id);
	crc = crc24(crc24(crc, "_"), k->secret);
	for (int i = KEYTEXT_CHECK - 1; i >= 0; i--) {
		ret[i] = letters[crc & 31];
		crc >>= LETTER_BITS;
	}
	ret[KEYTEXT_CHECK] = '\0';
}

static void spell(const unsigned char *bytes, char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text[i] = letters[bytes[i] % 32];
	text[length] = '\0';
}

void keytext_of(const unsigned char bytes[KEYTEXT_BYTES], struct keytext *ret)
{
	spell(bytes, ret->id, KEYTEXT_ID);
	spell(bytes + KEYTEXT_ID, ret->secret, KEYTEXT_SECRET);
}

void keytext_make(struct keytext *ret)
{
	unsigned char bytes[KEYTEXT_BYTES];

	random_bytes(bytes, sizeof(bytes));
	keytext_of(bytes, ret);
	explicit_bzero(bytes, sizeof(bytes));
}

const char *keytext_show(struct arena *a, const struct keytext *k)
{
	char check[KEYTEXT_CHECK + 1];

	checksum(k, check);
	return arena_join(a, prefix, k->id, "_", k->secret, check, NULL);
}

bool keytext_is_id(const char *text)
{
	return strlen(text) == KEYTEXT_ID &&
	       strspn(text, letters) == KEYTEXT_ID;
}

bool keytext_parse(const char *text, struct keytext *ret)
{
	char check[KEYTEXT_CHECK + 1];
	const char *id = text + strlen(prefix);
	const char *secret = id + KEYTEXT_ID + 1;
	unsigned differs = 0;

	if (strlen(text) != KEYTEXT_SIZE ||
	    strncmp(text, prefix, strlen(prefix)) != 0 ||
	    strspn(id, letters) != KEYTEXT_ID || secret[-1] != '_' ||
	    strspn(secret, letters) != KEYTEXT_SECRET + KEYTEXT_CHECK)
		return false;
	memcpy(ret->id, id, KEYTEXT_ID);
	ret->id[KEYTEXT_ID] = '\0';
	memcpy(ret->secret, secret, KEYTEXT_SECRET);
	ret->secret[KEYTEXT_SECRET] = '\0';
	checksum(ret, check);
	for (size_t i = 0; i < KEYTEXT_CHECK; i++)
		differs |=
			(unsigned char)(check[i] ^ secret[KEYTEXT_SECRET + i]);
	if (differs != 0)
		keytext_wipe(ret);
	return differs == 0;
}

void keytext_wipe(struct keytext *k)
{
	explicit_bzero(k, sizeof(*k));
}

const char *keytext_hide(struct arena *a, const char *text)
{
	static const char word[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	char *copy = NULL;

	for (const char *at = text; *at != '\0'; at++) {
		if (strncasecmp(at, prefix, strlen(prefix)) != 0)
			continue;
		const char *id = at + strlen(prefix);
		const char *secret = id + strspn(id, word);
		if (*secret != '_')
			continue;
		size_t from = (size_t)(secret + 1 - text);
		size_t size = strspn(secret + 1, word);

		if (copy == NULL)
			copy = arena_strdup(a, text);
		memset(copy + from, '*', size);
	}
	return copy != NULL ? copy : text;
}
