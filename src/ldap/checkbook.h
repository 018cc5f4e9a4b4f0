/*
 * checkbook - the entry below a domain's that holds what was found of it
 *
 * It is an entry of its own, so that a check neither changes the domain's nor
 * wakes those who follow changes.
 */
#ifndef LDAP_CHECKBOOK_H
#define LDAP_CHECKBOOK_H

#include "core/checkbook.h"
#include "core/store.h"
#include "ldap/store_parts.h"

/* The store must outlive it. */
struct checkbook *ldap_checkbook_open(struct store *store);

/* Accepts NULL. */
void ldap_checkbook_close(struct checkbook **b);

/* Take the entry away, so that the domain's can be; it is fine if it is not
 * there. */
bool checkbook_remove(struct ldap_store *s, const struct task *t,
		      const char *domain, bool *was_there, struct err *e);

/* Whether nothing else is below the domain's entry, as far as we know. */
bool checkbook_is_all(struct ldap_store *s, const struct task *t,
		      const char *domain);

#endif
