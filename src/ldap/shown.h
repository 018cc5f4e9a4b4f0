/*
 * shown - logins by certificates that clients show
 *
 * Who has signed them, and whether they are valid, was judged before; the
 * directory says whose they are, and whether he may log in.
 */
#ifndef LDAP_SHOWN_H
#define LDAP_SHOWN_H

#include "core/login.h"
#include "ldap/memory.h"
#include "ldap/session.h"

struct shown {
	struct session *own; /* of the gateway */
	const struct ldap_settings *set;
	struct memory *memory;
};

/* As login_ops.verify(); there is nothing to guess, and a refusal takes no
 * longer than it takes.  Why it is refused only the log learns. */
bool shown_verify(const struct shown *s, const struct task *t,
		  const struct credential *c, bool fresh,
		  const struct caller **ret, struct err *e);

#endif
