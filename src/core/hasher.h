/*
 * hasher - how passwords are turned into something a thief cannot use
 */
#ifndef CORE_HASHER_H
#define CORE_HASHER_H

#include "core/task.h"
#include "util/err.h"
#include "util/field.h"

struct hasher;

/* A new password in clear text, and what its owner is known by: the first that
 * anybody would guess. */
struct secret {
	const char *clear;
	struct text_list words;
};

/* How it is stored: a hash for everybody, "{CRYPT}$...", and forms for those
 * who log in to Dovecot without sending it, where they are wanted (else NULL).
 */
struct stored_password {
	const char *hash;
	const char *scram_sha_1, *scram_sha_256, *cram_md5;
};

struct hasher_ops {
	/* As the directory stores it.  May park the fiber;
	 * ERR_LIMIT when too much is waiting to be hashed; ERR_INVALID with a
	 * code when the password is not good enough. */
	bool (*hash)(struct hasher *h, const struct task *t,
		     const struct secret *s, struct stored_password *ret,
		     struct err *e);

	/* Bring a ready-made hash into that form, or say why it is refused:
	 * not understood by all who verify it, or too costly for them. */
	bool (*admit)(struct hasher *h, struct arena *a, const char *ready,
		      const char **ret, struct err *e);

	/* Whether as much waits to be hashed as may. */
	bool (*is_busy)(struct hasher *h);
};

struct hasher {
	const struct hasher_ops *ops;
};

#endif
