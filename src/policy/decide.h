/*
 * decide - what Postfix is told about a recipient
 *
 * Reads the directory as Postfix does and follows the address to its mailboxes
 * (core/resolve).  Whoever calls it has the rights of Postfix's own lookups.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "core/gateway.h"
#include "policy/round.h"
#include "policy/settings.h"

struct decider {
	const struct gateway *gateway; /* its store and its journal */
	const struct policy_settings *settings;
	round_fn *ask; /* NULL: quotas are not asked */
	void *ctx;

	/* Whether an address may be followed that leads to very many; it may
	 * wait for that.  It is called at most once, if it said yes.  NULL: it
	 * may. */
	bool (*may_be_large)(void *ctx);
	void *large_ctx;
};

struct decision {
	const char *action; /* as Postfix takes it */
	const char *reason; /* a word for the log */
	struct err err;     /* if we failed, and the action is on_failure's */
};

/* Whatever happens, there is a decision.  The task's arena has it. */
struct decision decide(const struct decider *d, const struct task *t,
		       const struct policy_request *r);

#endif
