/*
 * expiry - takes out of force what has expired
 *
 * Mail servers know no time: whoever has the lease looks again and again for
 * users and aliases whose time has come, and says so in their entries.  Much
 * may expire at once, so it is done in batches; when *stop becomes true what is
 * left is left, and that is ERR_TIMEOUT.
 */
#ifndef CORE_EXPIRY_H
#define CORE_EXPIRY_H

#include "core/gateway.h"

/* Between two looks, in milliseconds: the lag, with what they take. */
enum { EXPIRY_LOOK = 10000, EXPIRY_SWEEP = 3600000 };

struct expiry {
	int64_t since; /* what expired before was seen to; 0: nothing was */
};

/* A look at what has expired since the last one. */
bool expiry_look(const struct gateway *g, const struct task *t,
		 struct expiry *x, const bool *stop, struct err *e);

/* At all that has expired: others may have written what was past already. */
bool expiry_sweep(const struct gateway *g, const struct task *t,
		  const bool *stop, struct err *e);

/* Addresses that were held long enough may be made by anybody again. */
bool expiry_forget(const struct gateway *g, const struct task *t,
		   const bool *stop, struct err *e);

/* Requests that were known long enough may be sent as if they were new. */
bool expiry_requests(const struct gateway *g, const struct task *t,
		     const bool *stop, struct err *e);

/* What was in the trash long enough goes for good. */
bool expiry_clear(const struct gateway *g, const struct task *t,
		  const bool *stop, struct err *e);

#endif
