/*
 * login - who somebody is, proven by a password
 */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include "core/task.h"
#include "util/err.h"

struct login;

struct login_ops {
	/* ERR_UNAUTHENTICATED whatever the reason; ERR_LIMIT when too many are
	 * waiting.  `fresh` does without the short memory of what was verified.
	 * May park the fiber.  Only arena and deadline of the task are used;
	 * the caller it makes lives in the arena. */
	bool (*verify)(struct login *l, const struct task *t, const char *name,
		       const char *password, bool fresh,
		       const struct caller **ret, struct err *e);

	/* Whether anybody can log in at the moment. */
	bool (*is_ready)(struct login *l);
};

struct login {
	const struct login_ops *ops;
};

#endif
