#include "util/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *to, size_t size)
{
	unsigned char *p = to;

	while (size > 0) {
		ssize_t got = getrandom(p, size, 0);

		if (got <= 0) {
			fputs("no random numbers\n", stderr);
			abort();
		}
		p += got;
		size -= (size_t)got;
	}
}

char *random_word(struct arena *a, size_t length)
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz123456789";
	char *word = arena_alloc(a, length + 1);

	random_bytes(word, length);
	for (size_t i = 0; i < length; i++)
		word[i] = letters[(unsigned char)word[i] % 32];
	return word;
}
