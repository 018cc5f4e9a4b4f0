/*
 * audit_changes - what a record of the log says of each attribute
 */
#ifndef LDAP_AUDIT_CHANGES_H
#define LDAP_AUDIT_CHANGES_H

#include "core/audit.h"
#include "ldap/entry.h"

/* Fills changes; the record's kind and action are known. */
void audit_changes_read(struct arena *a, const struct entry *en,
			struct audit_record *r);

#endif
