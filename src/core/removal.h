/*
 * removal - taking a record away, and what becomes of those that name it
 *
 * Roles of a user and the right to send as an address end with it.  Aliases and
 * forwards that lead there are whatever the client says.
 */
#ifndef CORE_REMOVAL_H
#define CORE_REMOVAL_H

#include "core/gateway.h"

enum links {
	LINKS_REFUSE, /* ERR_CONFLICT if there are any */
	LINKS_REMOVE, /* they lead there no more; an alias that leads nowhere
		       * else is removed */
	LINKS_KEEP,   /* they stay as they are, and are told */
};

enum { REMOVAL_TOLD_MAX = 1000 };

struct removal {
	bool recursive; /* a domain with everything that is in it */
	enum links links;
	const struct text_list *if_match; /* as for a change */
};

/* Until when an address that is given up now is held (RFC 3339). */
const char *removal_hold_until(const struct gateway *g, const struct task *t);

/* dangling: with LINKS_KEEP the addresses, REMOVAL_TOLD_MAX at most, whose mail
 * led there. */
bool removal(const struct gateway *g, const struct task *t, enum kind k,
	     const char *key, const struct removal *how,
	     struct text_list *dangling, struct err *e);

#endif
