#include "crypto/digest.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static void digest(const char *key, const char *const pieces[], size_t count,
		   unsigned char ret[DIGEST_SIZE])
{
	struct digest *d = digest_begin(key, strlen(key));

	for (size_t i = 0; i < count; i++)
		digest_add(d, pieces[i], strlen(pieces[i]));
	digest_end(&d, ret);
	if (d != NULL)
		puts("Bail out! the digest is not forgotten");
}

static const char *hex(const unsigned char bytes[DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	static char text[DIGEST_SIZE * 2 + 1];

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return text;
}

static const struct {
	const char *name, *key;
	const char *pieces[3];
	size_t count;
} cases[] = {
	{"nothing", "", {NULL}, 0},
	{"an empty piece", "", {""}, 1},
	{"two empty pieces", "", {"", ""}, 2},
	{"ab", "", {"ab"}, 1},
	{"a,b", "", {"a", "b"}, 2},
	{"ab,c", "", {"ab", "c"}, 2},
	{"a,bc", "", {"a", "bc"}, 2},
	{"abc", "", {"abc"}, 1},
	{"abc with a key", "k", {"abc"}, 1},
	{"abc with another", "l", {"abc"}, 1},
	{"nothing with a key", "k", {NULL}, 0},
};

int main(void)
{
	unsigned char got[COUNT(cases)][DIGEST_SIZE], again[DIGEST_SIZE];

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool other = true;

		digest(cases[i].key, cases[i].pieces, cases[i].count, got[i]);
		digest(cases[i].key, cases[i].pieces, cases[i].count, again);
		for (size_t j = 0; j < i; j++)
			other = other && !digest_equal(got[i], got[j]);
		OK(digest_equal(got[i], again) && other, cases[i].name);
	}
	/* FIPS 180-4: SHA-256 of nothing. */
	IS(hex(got[0]),
	   "e3b0c44298fc1c149afbf4c8996fb924"
	   "27ae41e4649b934ca495991b7852b855",
	   "it is SHA-256");
	memcpy(again, got[0], DIGEST_SIZE);
	again[DIGEST_SIZE - 1] ^= 1;
	OK(!digest_equal(again, got[0]), "the last bit counts");
	return tap_done();
}
