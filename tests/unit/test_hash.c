#include "util/hash.h"

#include <string.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "util/field.h"

/* What a sum with a factor, h * 33 + c, takes for the same. */
static bool falls_for_pairs(void)
{
	char one[33], other[33];

	for (size_t i = 0; i < 16; i++) {
		memcpy(one + 2 * i, "ar", 2);
		memcpy(other + 2 * i, i % 3 == 0 ? "c0" : "ar", 2);
	}
	one[32] = other[32] = '\0';
	return hash_text(one) == hash_text(other);
}

/* A process of its own has another key. */
static uint64_t elsewhere(const char *text, uint64_t before)
{
	uint64_t there = before;
	int fds[2];

	if (pipe(fds) != 0)
		return before;
	if (fork() == 0) {
		there = hash_text(text);
		_exit(write(fds[1], &there, sizeof(there)) != sizeof(there));
	}
	return read(fds[0], &there, sizeof(there)) == sizeof(there) ? there
								    : before;
}

int main(void)
{
	static const char *const texts[] = {"",          "a",
					    "b",         "aa",
					    "1234567",   "12345678",
					    "123456789", "1234567812345678"};
	/* Before the key is drawn here. */
	uint64_t there = elsewhere("a", 0), other = elsewhere("a", 0);
	bool unlike = true;

	OK(there != other, "each process has a key of its own");
	for (size_t i = 0; i < COUNT(texts); i++) {
		for (size_t n = 0; n < i; n++)
			unlike = unlike &&
				 hash_text(texts[i]) != hash_text(texts[n]);
	}
	OK(unlike, "texts of all lengths differ");
	char copy[] = "123456789";
	OK(hash_text(copy) == hash_text(texts[6]), "the same text does not");
	OK(!falls_for_pairs(), "what is made to collide does not");
	return tap_done();
}
