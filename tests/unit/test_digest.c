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

/* What does not fit into what is gathered comes to the same. */
static const struct {
	const char *name;
	size_t count, size; /* of pieces, of each */
	const char *plain, *keyed;
} sizes[] = {
	{"200 pieces of 10", 200, 10,
	 "90c89b1b1aa7306b94d35cc89a6c4c339228c8b1cd185062766eeca54e294412",
	 "f1c05f65be498613340b76e887dc74c438386e690d6bf76d802f8661ad5286aa"},
	{"one of 3,000", 1, 3000,
	 "80e1edb2fdc9d9699607afbcb28fe753d4c6adbba2fd969627b19dcf6d3f641c",
	 "e9c3e00b0bc2e0b1709ed216dac10abba576738d8a5d3c9b015fee2fdf2784e6"},
	{"one that just fits", 1, 1016,
	 "af1ab55ffc8ee52fbb690915fba9f771b0656ec36a6eab8c51d3820930d9ae77",
	 "e0412733dc103bb14d82f3a670286841adb2da1c296fc9c7f316bffe926ce2a9"},
	{"one that just does not", 1, 1017,
	 "352736f6e35ff1b41ff318ad2ada0e9968eb67a8a7eb53a5658d538b4a2c5c85",
	 "cddf173d6da04f5a9a4eb636eee92de63eed408950b4fd858129e2c0f32a5f6d"},
	{"two that fill it", 2, 504,
	 "175b53f88c738072f21c07e64657f7b0c0421d66907dcdd27e6418f9690c3255",
	 "b7d65f2f2d9301120870122f3bfa7e52d349d1f7d2d797806f47e1062e2a207e"},
	{"two that do not fit", 2, 2000,
	 "de9eea3f9f533a0e50a83f8ea43a6e445f66b7af5f8405e1e40c8465c849a07b",
	 "88d41917173806684908c4e62b59b0b6f2ca4adc1f806fbe4952637ffb6be160"},
};

static void test_sizes(void)
{
	static char piece[3001];
	unsigned char got[DIGEST_SIZE];

	memset(piece, 'x', sizeof(piece) - 1);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		for (int keyed = 0; keyed < 2; keyed++) {
			struct digest *d = digest_begin("key", keyed ? 3 : 0);

			for (size_t j = 0; j < sizes[i].count; j++)
				digest_add(d, piece, sizes[i].size);
			digest_end(&d, got);
			IS(hex(got), keyed ? sizes[i].keyed : sizes[i].plain,
			   sizes[i].name);
		}
	}
}

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
	test_sizes();
	return tap_done();
}
