/*
 * standing - whether somebody may log in, found without his password
 *
 * Whoever has proved in another way than by a bind who he is must not get in
 * where a bind would not let him: the directory is asked, under the gateway's
 * own name, what its rule on logins looks at.
 */
#ifndef LDAP_STANDING_H
#define LDAP_STANDING_H

#include "core/task.h"
#include "ldap/session.h"

struct standing {
	const char *dn; /* of his entry, which need not be there */
	const char *id; /* its entryUUID; NULL: it is not there, or he may not
			 * log in */
};

/* Whether it is exactly a name of ours: slapd's own matching would take many
 * spellings for the same. */
bool standing_is_login(const char *login);

/* False if it could not be found out.  The login must be one of ours. */
bool standing_find(struct session *own, const struct ldap_settings *set,
		   const struct task *t, const char *login,
		   struct standing *ret, struct err *e);

#endif
