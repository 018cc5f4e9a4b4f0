/*
 * principal - what of principals is not in their own entries: the group of
 * super administrators
 */
#ifndef LDAP_PRINCIPAL_H
#define LDAP_PRINCIPAL_H

#include "core/principal.h"
#include "ldap/store_parts.h"

/* Note in each of these who is a super administrator; under the gateway's own
 * name, for the caller sees the principal, and would be told something wrong.
 */
bool principal_mark(struct ldap_store *s, const struct task *t,
		    struct principal *p, size_t count, struct err *e);

/* Whether the changes give certificates.  slapo-unique puts an assertion to the
 * wrong entries, so they go without one: then the values that were there are
 * named, and it fails if somebody else was quicker with them. */
bool principal_gives(struct arena *a, const struct principal *old,
		     const struct principal *p, LDAPMod ***mods);

/* What the refusal of a write means where it is that somebody else has one of
 * the certificates; false, with the error. */
bool principal_refused(struct ldap_store *s, const struct task *t,
		       const struct principal *p, struct err *e);

bool principal_administrators(struct store *port, const struct task *t,
			      struct text_list *ret, struct err *e);
bool principal_can_log_in(struct store *port, const struct task *t,
			  const char *login, bool *ret, struct err *e);
bool principal_set_administrator(struct store *port, const struct task *t,
				 const char *login, bool yes, bool ask,
				 struct err *e);

#endif
