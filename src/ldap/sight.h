/*
 * sight - what somebody may hear of changes
 *
 * What he may read at the moment, of the time since it is there: everything,
 * his domains with what is in them, the principals whose sponsor he is, and
 * himself.  Asked of the directory with his own rights.  Besides, he hears of
 * the change that takes something from him, as the last of it.
 */
#ifndef LDAP_SIGHT_H
#define LDAP_SIGHT_H

#include "core/change.h"
#include "core/feed.h"
#include "ldap/store_parts.h"

/* In the task's arena, and that of its caller. */
bool sight_find(struct ldap_store *s, const struct task *t, struct sight **ret,
		struct err *e);

/* Whether he may hear of it.  What is not for him is left out of it: a rename
 * out of his sight is a deletion to him, one into it a creation. */
bool sight_sees(const struct sight *s, struct arena *a, struct change *c);

/* Whether it may give him something to see, so that it has to be judged by what
 * he sees then; never twice of the same, if that was found in between. */
bool sight_grows(struct sight *s, const struct change *c);

/* Whether he may see less behind it. */
bool sight_shrinks(const struct sight *s, const struct change *c);

#endif
