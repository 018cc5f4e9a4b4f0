/*
 * round - asks for several mailboxes side by side, until the question is
 * settled
 */
#ifndef POLICY_ROUND_H
#define POLICY_ROUND_H

#include "policy/request.h"
#include "util/field.h"

enum { ROUND_AT_ONCE = 4, ROUND_MAILBOXES_MAX = 64 };

/* Whether a mailbox is full; parks the fiber until *until at most. */
typedef bool round_fn(void *ctx, struct arena *a,
		      const struct policy_request *what, const int64_t *until,
		      bool *full, struct err *e);

struct round_parts {
	round_fn *ask;
	void *ctx;
	struct policy_request what; /* but for the recipient */
	bool any; /* a full mailbox settles it; else one with room does */
};

struct round_result {
	size_t full, room, failed;
	struct err err; /* of one that failed */
};

/* Ask for each of the mailboxes, at most ROUND_AT_ONCE at a time.  Not all of
 * them count in the result: those that were not needed any more do not. */
void round_ask(const struct round_parts *p, struct arena *a,
	       const struct text_list *mailboxes, int64_t until,
	       struct round_result *ret);

#endif
