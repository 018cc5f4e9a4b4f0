/*
 * hasher - how passwords are turned into something a thief cannot use
 */
#ifndef CORE_HASHER_H
#define CORE_HASHER_H

#include "core/task.h"
#include "util/err.h"

struct hasher;

struct hasher_ops {
	/* As the directory stores it: "{CRYPT}$...".  May park the fiber;
	 * ERR_LIMIT when too much is waiting to be hashed. */
	bool (*hash)(struct hasher *h, const struct task *t, const char *clear,
		     const char **ret, struct err *e);

	/* Bring a ready-made hash into that form, or say why it is refused:
	 * not understood by all who verify it, or too costly for them. */
	bool (*admit)(struct hasher *h, struct arena *a, const char *ready,
		      const char **ret, struct err *e);
};

struct hasher {
	const struct hasher_ops *ops;
};

#endif
