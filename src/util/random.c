#include "util/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { STORE = 1024 };

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

static const char letters[] = "abcdefghjkmnpqrstuvwxyz123456789";

/* Bytes become letters where they are. */
static char *spell(char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = letters[(unsigned char)bytes[i] % 32];
	return bytes;
}

char *random_spell(struct arena *a, const unsigned char *bytes, size_t length)
{
	return spell(arena_strndup(a, (const char *)bytes, length), length);
}

char *random_word(struct arena *a, size_t length)
{
	char *word = arena_alloc(a, length + 1);

	random_bytes(word, length);
	return spell(word, length);
}

char *random_name(struct arena *a, size_t length)
{
	static _Thread_local unsigned char store[STORE];
	static _Thread_local size_t left;

	if (length > STORE)
		return random_word(a, length);
	if (left < length) {
		random_bytes(store, STORE);
		left = STORE;
	}
	left -= length;
	return spell(arena_strndup(a, (const char *)store + left, length),
		     length);
}

char *random_dated_name(struct arena *a, int64_t seconds, size_t length)
{
	char *name = random_name(a, length);

	for (size_t i = RANDOM_DATE; i > 0; i--, seconds /= 32)
		name[i - 1] = letters[seconds % 32];
	return name;
}

bool random_date(const char *name, int64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < RANDOM_DATE; i++) {
		const char *at =
			name[i] != '\0' ? strchr(letters, name[i]) : NULL;

		if (at == NULL)
			return false;
		*ret = *ret * 32 + (at - letters);
	}
	return true;
}
