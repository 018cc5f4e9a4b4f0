/*
 * reach - the domains a caller has a role in
 *
 * Who is no super administrator may look below these and at himself, and
 * nowhere else; so nothing else need be searched for him.
 */
#ifndef LDAP_REACH_H
#define LDAP_REACH_H

#include "ldap/store_parts.h"

enum { REACH_MAX = 1000 };

/* Their names, sorted; of those that such a filter fits, if it is not NULL.
 * ERR_NOT_FOUND if there is none, ERR_DENIED if there are more than REACH_MAX.
 */
bool reach_find(struct ldap_store *s, const struct task *t, const char *which,
		struct text_list *ret, struct err *e);

/* Those among some names that he sees, be he who he may; perhaps none. */
bool reach_among(struct ldap_store *s, const struct task *t,
		 const struct text_list *names, const char *which,
		 struct text_list *ret, struct err *e);

/* Whether he may look everywhere. */
bool reach_may_read_hashes(struct store *port, const struct task *t, bool *ret,
			   struct err *e);
bool reach_shows_hash(struct store *port, const struct task *t,
		      const char *address, bool *ret, struct err *e);
bool reach_is_super_administrator(struct store *port, const struct task *t,
				  bool *ret, struct err *e);

#endif
