/*
 * scope - what an API key may be used for
 *
 * A key never has more rights than its owner: the directory sees to that.  A
 * scope takes away from these what the key is not for: verbs, collections,
 * domains.
 */
#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H

#include <stdbool.h>

#include "util/field.h"

struct scope {
	struct text_list rights;  /* as "users:read"; "*": all of them */
	struct text_list domains; /* unless it holds everywhere */
	bool everywhere;
};

/* NULL allows everything. */
bool scope_allows(const struct scope *s, const char *right);

/* Whether it holds for that domain, or the domain of that address; NULL holds
 * for everything. */
bool scope_covers(const struct scope *s, const char *key);

#endif
