#include "util/hash.h"

#include <pthread.h>
#include <string.h>

#include "util/random.h"

enum { WORD = sizeof(uint64_t), FINAL_ROUNDS = 3 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t key[2];

static void draw_key(void)
{
	random_bytes(key, sizeof(key));
}

static uint64_t turn(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	v[0] ^= word;
}

uint64_t hash_text(const char *text)
{
	size_t size = strlen(text), left = size;
	uint64_t word, last = (uint64_t)size << 56;

	pthread_once(&once, draw_key);
	uint64_t v[4] = {key[0] ^ 0x736f6d6570736575,
			 key[1] ^ 0x646f72616e646f6d,
			 key[0] ^ 0x6c7967656e657261,
			 key[1] ^ 0x7465646279746573};
	for (; left >= WORD; left -= WORD, text += WORD) {
		memcpy(&word, text, WORD);
		absorb(v, word);
	}
	word = 0;
	memcpy(&word, text, left);
	absorb(v, last | word);
	v[2] ^= 0xff;
	for (int i = 0; i < FINAL_ROUNDS; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
