/*
 * login - who somebody is, and what proves it
 */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include "core/task.h"
#include "util/err.h"

struct credential {
	enum proof proof;
	const char *name;    /* the login that came with it; NULL: none did */
	const char *secret;  /* the password, the text of key or token, or the
			      * SHA-256 of a certificate in hex */
	const char *subject; /* of a certificate, by RFC 4514; or NULL */
	const char *source;  /* the client's address */
};

/* Times are RFC 3339, or NULL.  What the gateway counts it counts for itself:
 * another one may have counted something else. */
struct login_state {
	int64_t failures; /* that the directory has noted, of the last ones */
	const char *last_failure_at, *locked_at, *password_changed_at;
	int64_t gateway_failures; /* from strange sources, and still counting */
	const char *delayed_until; /* where nobody has logged in lately */
	const char *locked_until;
};

struct login;

struct login_ops {
	/* ERR_UNAUTHENTICATED whatever the reason; ERR_LIMIT when too many are
	 * waiting.  `fresh` does without the short memory of what was verified.
	 * May park the fiber.  Only arena and deadline of the task are used;
	 * the caller it makes lives in the arena. */
	bool (*verify)(struct login *l, const struct task *t,
		       const struct credential *c, bool fresh,
		       const struct caller **ret, struct err *e);

	/* Whether nothing was heard since then that might take back what he
	 * proved: that he was changed, his key or his domain, or the policies
	 * of all, by whomever.  Begin with `heard` of the caller, which
	 * follows.  Does not wait, and asks nobody. */
	bool (*stands)(struct login *l, const struct caller *c,
		       uint64_t *heard);

	/* To begin with, before anybody is asked whether he may log in. */
	uint64_t (*heard)(struct login *l);

	/* He has got another password from somebody else: begin to count anew
	 * what is wrong.  NULL: nothing is counted. */
	void (*forgive)(struct login *l, const struct task *t,
			const char *login);

	/* What is known of what was wrong, as far as the caller may see it.
	 * ERR_NOT_FOUND: he sees no such login. */
	bool (*state)(struct login *l, const struct task *t, const char *login,
		      struct login_state *ret, struct err *e);

	/* Whether anybody can log in at the moment. */
	bool (*is_ready)(struct login *l);
};

struct login {
	const struct login_ops *ops;
};

#endif
