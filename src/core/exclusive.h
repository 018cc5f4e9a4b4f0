/*
 * exclusive - a few writes that nobody else may come between, on any gateway
 *
 * What is judged by a sum over many entries cannot be guarded by one of them.
 * So whoever judges and writes claims a name in the journal, where a name is
 * claimed once.  If he dies, the steward gives it back when he has been silent
 * for the length of a lease; so whoever has it stops writing before that.
 */
#ifndef CORE_EXCLUSIVE_H
#define CORE_EXCLUSIVE_H

#include "core/gateway.h"

enum { EXCLUSIVE_NAMES = 4 };

/* Begin with all zero: then nothing is claimed. */
struct exclusive {
	const char *id;   /* of the plan that has the names; NULL: none */
	struct task task; /* with the deadline until which they are ours */
};

/* Claim names, waiting for those who have one of them.  ERR_LIMIT if that
 * takes too long. */
bool exclusive_begin(const struct gateway *g, const struct task *t,
		     const char *const names[], size_t count,
		     struct exclusive *ret, struct err *e);

/* For what is done meanwhile; `t` if nothing is claimed. */
const struct task *exclusive_task(const struct exclusive *x,
				  const struct task *t);

/* Give them back.  If a write may still be done, why->kind being ERR_UNKNOWN,
 * that is left to the steward. */
void exclusive_end(const struct gateway *g, struct exclusive *x,
		   const struct err *why);

#endif
