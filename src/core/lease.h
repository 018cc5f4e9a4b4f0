/*
 * lease - which of the gateways does what is to be done once for all of them
 *
 * The lease is an entry of the journal that names its holder, who writes it
 * again and again.  A gateway that has seen it unchanged for the whole of its
 * term takes it over by an asserted change, so that only one can.  Nobody
 * compares his clock with another's: each measures by his own how long nothing
 * happened, and the holder stops when he did not succeed in writing for two
 * thirds of the term.
 */
#ifndef CORE_LEASE_H
#define CORE_LEASE_H

#include <stdint.h>

#include "core/gateway.h"

enum { LEASE_GUARD = 64 }; /* bytes of a guard, with its NUL */

/* Begin with all zero. */
struct lease {
	char seen[LEASE_GUARD]; /* its guard when it last changed */
	int64_t since;          /* when that was seen first */
	int64_t until;          /* we have it until then */
};

/* Look at it, and take or renew it where that is due.  Call it a few times in
 * each term; times are those of clock_now(). */
bool lease_keep(struct lease *l, const struct gateway *g, const struct task *t,
		int64_t now, struct err *e);

/* Whether we may act as its holder. */
bool lease_is_held(const struct lease *l, int64_t now);

/* Let others have it at once. */
void lease_release(struct lease *l, const struct gateway *g,
		   const struct task *t, int64_t now);

#endif
