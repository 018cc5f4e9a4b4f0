/*
 * token - who somebody is, said by a provider that we believe
 *
 * Two steps, so that what was proved a moment ago is not proved again: reading
 * costs little, and proving a good deal.
 */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include "core/task.h"
#include "util/err.h"

struct token {
	const char *login; /* in lower case; it may be nobody's */
	int64_t until;     /* by clock_seconds(), the first at which it is over
			    */
	const void *inner; /* the verifier's own */
};

struct token_verifier;

struct token_verifier_ops {
	/* Whether it is one that would be good for us now, if it is genuine.
	 * ERR_UNAUTHENTICATED, whose words are for the log. */
	bool (*read)(struct token_verifier *v, const struct task *t,
		     const char *text, struct token *ret, struct err *e);

	/* Whether it is.  May park the fiber. */
	bool (*prove)(struct token_verifier *v, const struct task *t,
		      const struct token *token, struct err *e);

	/* Whether super administrators may come with one. */
	bool (*admits_administrators)(struct token_verifier *v);
};

struct token_verifier {
	const struct token_verifier_ops *ops;
};

#endif
