/*
 * usage - the entry below a user's that holds what was measured of him
 *
 * It is an entry of its own so that a login does not change the user's.  The
 * gateway writes it under its own name.
 */
#ifndef LDAP_USAGE_H
#define LDAP_USAGE_H

#include "core/user.h"
#include "ldap/store_parts.h"

/* Operations of the store. */
bool usage_mailbox(struct store *s, const struct task *t, const char *address,
		   const char **ret, struct err *e);
bool usage_measure(struct store *s, const struct task *t, const char *address,
		   const struct usage *u, struct err *e);

/* Whether anything is known of anybody.  Where nothing is, reading users does
 * not pay for it; what comes first is noticed a moment later. */
bool usage_is_there(struct ldap_store *s, const struct task *t);

/* What to ask for where both entries are read: that of the users', and more.
 */
const char *const *usage_wanted(struct arena *a, const char *const user[]);

/* Fill in what was measured of some users, whom the caller has found by op; it
 * is read with the gateway's own rights. */
bool usage_read(struct ldap_store *s, const struct task *t,
		const struct operation *op, struct user *users, size_t count,
		struct err *e);

/* Take it away, so that the user's own entry can be; it is fine if it is not
 * there. */
bool usage_remove(struct ldap_store *s, const struct task *t, const char *user,
		  bool *was_there, struct err *e);

#endif
