#include "util/alloc.h"

#include <stdlib.h>
#include <unistd.h>

#include "util/log.h"

void alloc_die(void)
{
	static const char why[] = "provost: out of memory\n";

	log_release();
	/* Not by stdio, which might allocate. */
	if (write(STDERR_FILENO, why, sizeof(why) - 1) < 0)
		abort();
	abort();
}

void *alloc_zeroed(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		alloc_die();
	return p;
}

void *alloc_plain(size_t size)
{
	void *p = malloc(size);

	if (p == NULL)
		alloc_die();
	return p;
}
