/*
 * known - attributes that slapd has stored before
 *
 * slapd's mdb of 2.5 numbers an attribute when it first meets it.  If that is
 * in an operation with the no-op control, it keeps the number in memory and not
 * in the database: the next new attribute gets the same one, and values are
 * stored under the number of another attribute.  So such an operation is sent
 * only with attributes that are in one entry below ou=journal, which is there
 * for nothing else.
 */
#ifndef LDAP_KNOWN_H
#define LDAP_KNOWN_H

#include "ldap/store_parts.h"

/* Operation of the store: have that entry, with every attribute that the
 * gateway writes for others. */
bool known_prepare(struct store *port, const struct task *t, struct err *e);

/* Whether all these attributes were stored: else ERR_UNAVAILABLE,
 * "dry_run_unprepared".  The task has a rehearsal, which keeps what was
 * found. */
bool known_check(struct ldap_store *s, const struct task *t, LDAPMod **mods,
		 struct err *e);

/* What that entry has of an attribute; NULL: it has it not.  For the tests. */
const char *known_sample(const char *name);

#endif
