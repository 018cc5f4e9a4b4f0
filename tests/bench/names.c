#include "tests/bench/names.h"

#include <stdio.h>
#include <stdlib.h>

/* A prime, and so without a divisor in common with HOUSEHOLD times a number
 * that is not a multiple of it. */
enum { STRIDE = 7919 };

static void must_fit(int written)
{
	if (written < 0 || written >= NAME_SIZE)
		abort();
}

uint64_t name_turn(const struct names *n, uint64_t i)
{
	return (n->from + i) * STRIDE % n->users;
}

void name_domain(uint64_t user, char ret[NAME_SIZE])
{
	must_fit(snprintf(ret, NAME_SIZE, "d%04llu.example",
			  (unsigned long long)(user / HOUSEHOLD)));
}

void name_user(uint64_t user, char ret[NAME_SIZE])
{
	must_fit(snprintf(ret, NAME_SIZE, "u%06llu@d%04llu.example",
			  (unsigned long long)user,
			  (unsigned long long)(user / HOUSEHOLD)));
}

void name_new(const struct names *n, uint64_t i, char ret[NAME_SIZE])
{
	must_fit(snprintf(ret, NAME_SIZE, "%s-%llu@d%04llu.example", n->tag,
			  (unsigned long long)i,
			  (unsigned long long)(name_turn(n, i) / HOUSEHOLD)));
}
