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
	struct text_list rights; /* as "users:read"; "*": all of them, "*:read":
				  * all that change nothing */
	struct text_list domains; /* unless it holds everywhere */
	bool everywhere;
};

/* Whether that is one of the known rights, or stands for several. */
bool scope_is_word(const char *word, const struct text_list *known);

/* Whether it has all that a word stands for. */
bool scope_gives(const struct scope *s, const char *word);

/* Whether it is for some domains alone. */
bool scope_is_bound(const struct scope *s);

/* NULL allows everything.  What is for some domains alone is for nothing that
 * is in no domain. */
bool scope_allows(const struct scope *s, const char *right);

/* Whether it holds for that domain, or the domain of that address; NULL holds
 * for everything. */
bool scope_covers(const struct scope *s, const char *key);

#endif
