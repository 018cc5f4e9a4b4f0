/*
 * quota - asks Dovecot's quota-status whether a mailbox has room
 *
 * Belongs to one loop.  Each of its connections keeps one process of Dovecot
 * busy, so they are few, and those not needed are closed.
 */
#ifndef POLICY_QUOTA_H
#define POLICY_QUOTA_H

#include "loop/loop.h"
#include "policy/request.h"

struct quota;

struct quota *quota_open(struct loop *l);

/* Nobody may be in quota_ask().  Accepts NULL. */
void quota_close(struct quota **q);

enum { QUOTA_CONNECTIONS_MAX = 64 };

/* Where to ask, and on how many connections at a time. */
struct quota_server {
	const char *place;
	int64_t connections; /* at most QUOTA_CONNECTIONS_MAX */
};

/* Parks the fiber until *until at most. */
bool quota_ask(struct quota *q, struct arena *a,
	       const struct quota_server *where,
	       const struct policy_request *what, const int64_t *until,
	       bool *full, struct err *e);

#endif
