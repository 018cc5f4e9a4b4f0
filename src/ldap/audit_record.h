/*
 * audit_record - what a record of the directory's log tells
 */
#ifndef LDAP_AUDIT_RECORD_H
#define LDAP_AUDIT_RECORD_H

#include "core/audit.h"
#include "ldap/entry.h"

/* The attributes to ask for; ended by NULL. */
extern const char *const audit_wanted[];

/* False, with e set, if it is no record of a write. */
bool audit_record_read(struct arena *a, const char *base,
		       const struct entry *en, struct audit_record *ret,
		       struct err *e);

/* Whose DN that is: his login, or the name of a service. */
const char *audit_login(struct arena *a, const char *base, const char *dn,
			const char **kind);

#endif
