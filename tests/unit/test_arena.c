#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/lib/tap.h"
#include "util/arena.h"
#include "util/field.h"

static char order[8];

static void note(void *ptr)
{
	order[strlen(order)] = *(char *)ptr;
}

static bool is_zero(const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

/* Leave something behind for who takes the memory next. */
static void soil(void)
{
	void *blocks[8];

	for (size_t i = 0; i < COUNT(blocks); i++) {
		blocks[i] = malloc(16 * 1024);
		if (blocks[i] == NULL)
			abort();
		memset(blocks[i], 0xaa, 16 * 1024);
	}
	for (size_t i = 0; i < COUNT(blocks); i++)
		free(blocks[i]);
}

/* All sizes around those of a block: aligned, zeroed, and nobody else's. */
static void sizes(void)
{
	static const size_t cases[] = {0,     1,     7,     8,     16,
				       17,    100,   4096,  16319, 16320,
				       16321, 16384, 16385, 100000};
	CLEANUP(arena_release) struct arena *a = arena_new();
	unsigned char *had[COUNT(cases)];
	bool zero = true, aligned = true, kept = true;

	soil();
	for (size_t i = 0; i < COUNT(cases); i++) {
		had[i] = arena_alloc(a, cases[i]);
		zero = zero && is_zero(had[i], cases[i]);
		aligned = aligned &&
			  (uintptr_t)had[i] % alignof(max_align_t) == 0;
		memset(had[i], (int)i + 1, cases[i]);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t j = 0; j < cases[i]; j++)
			kept = kept && had[i][j] == i + 1;
	}
	OK(zero, "memory is zeroed");
	OK(aligned, "memory is aligned for anything");
	OK(kept, "pieces do not overlap");
}

static void texts(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	char *big = arena_alloc(a, 50001);
	int n = 42;
	const int *copy = arena_copy(a, &n, sizeof(n));

	memset(big, 'x', 50000);
	IS(arena_strdup(a, "hello"), "hello", "strdup");
	IS(arena_strdup(a, ""), "", "strdup of nothing");
	IS(arena_strndup(a, "hello", 4), "hell", "strndup cuts");
	IS(arena_printf(a, "%d-%s", 7, "x"), "7-x", "printf");
	IS(arena_printf(a, "%s", ""), "", "printf of nothing");
	for (int size = 254; size <= 258; size++) {
		const char *text = arena_printf(a, "%*d", size, 7);

		OK(strlen(text) == (size_t)size && text[size - 1] == '7',
		   "printf of about as much as is formatted at once");
	}
	IS(arena_join(a, "a", "", "bc", "d", NULL), "abcd", "join");
	NUMBER(strlen(arena_printf(a, "%s%s", big, big)), 100000,
	       "printf of more than a block");
	OK(*copy == 42 && copy != &n, "copy");
}

int main(void)
{
	struct arena *a = arena_new();

	sizes();
	texts();
	arena_defer(a, note, arena_strdup(a, "1"));
	arena_defer(a, note, arena_strdup(a, "2"));
	arena_defer(a, note, arena_strdup(a, "3"));
	arena_free(a);
	IS(order, "321", "deferred calls run newest first, memory still there");
	arena_free(NULL);
	a = arena_new();
	arena_release(&a);
	OK(a == NULL, "release forgets");
	arena_release(&a);
	OK(a == NULL, "release of nothing");
	return tap_done();
}
