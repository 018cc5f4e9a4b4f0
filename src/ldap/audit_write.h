/*
 * audit_write - seals what the log of changes got since the last seal; for
 * core/store.h
 */
#ifndef LDAP_AUDIT_WRITE_H
#define LDAP_AUDIT_WRITE_H

#include "core/store.h"

bool ldap_audit_seal(struct store *port, const struct task *t,
		     struct audit_head *head, bool *more, struct err *e);

/* The newest seal; a head with the number 0 if there is none. */
bool ldap_audit_head(struct store *port, const struct task *t,
		     struct audit_head *ret, struct err *e);

#endif
