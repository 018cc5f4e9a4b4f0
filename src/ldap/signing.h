/*
 * signing - the keys that sign a domain's mail, with their private parts, for
 * who is bound as cn=signer
 */
#ifndef LDAP_SIGNING_H
#define LDAP_SIGNING_H

#include "ldap/session.h"

enum { SIGNING_MAX = 16 }; /* of a domain */

struct signing {
	const char *domain, *selector, *type;
	const char *stored; /* PEM, or sealed */
};

struct signing_list {
	struct signing items[SIGNING_MAX];
	size_t count;
};

bool signing_read(struct session *s, const struct ldap_settings *set,
		  struct arena *a, const char *domain, int64_t deadline,
		  struct signing_list *ret, struct err *e);

#endif
