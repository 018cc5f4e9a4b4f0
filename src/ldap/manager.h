/*
 * manager - the roles of a domain, which are attributes of its entry
 */
#ifndef LDAP_MANAGER_H
#define LDAP_MANAGER_H

#include "core/store.h"

bool manager_list_of(struct store *port, const struct task *t,
		     const char *domain, struct managers *ret, struct err *e);
bool manager_appoint(struct store *port, const struct task *t,
		     const char *domain, const struct managers *seen,
		     const char *login, enum role role, struct err *e);
bool manager_roles(struct store *port, const struct task *t, size_t limit,
		   struct manager_list *ret, bool *more, struct err *e);

#endif
