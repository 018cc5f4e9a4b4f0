/*
 * audit_list - pages of the trail of changes; for core/store.h
 */
#ifndef LDAP_AUDIT_LIST_H
#define LDAP_AUDIT_LIST_H

#include "core/store.h"

bool ldap_audit_list(struct store *port, const struct task *t,
		     const struct audit_query *q, struct audit_page *ret,
		     struct err *e);

#endif
