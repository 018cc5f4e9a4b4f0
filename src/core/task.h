/*
 * task - on whose behalf something is done, until when, in which memory
 *
 * A task belongs to one request; everything made for it lives in its arena.
 */
#ifndef CORE_TASK_H
#define CORE_TASK_H

#include <stdint.h>

#include "util/arena.h"

struct caller {
	const char *login; /* an address, or a principal's name without '@' */
	const char *identity; /* what the store calls him; opaque to others */
};

struct task {
	struct arena *arena;
	const struct caller *caller;
	int64_t deadline; /* by clock_now() */
};

#endif
