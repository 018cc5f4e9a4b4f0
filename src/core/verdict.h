/*
 * verdict - what becomes of mail for an alias, in two words
 */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include "core/alias.h"
#include "core/gateway.h"

/* Sets `exterior` and `ok` of each, one behind the other.  For who may not see
 * a domain it is not ours. */
bool verdict_of(const struct gateway *g, const struct task *t,
		struct alias *aliases, size_t count, struct err *e);

#endif
