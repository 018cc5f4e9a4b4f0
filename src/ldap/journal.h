/*
 * journal - core/journal.h on top of the directory, below ou=journal
 */
#ifndef LDAP_JOURNAL_H
#define LDAP_JOURNAL_H

#include "core/journal.h"
#include "ldap/session.h"

/* Settings and session must outlive it. */
struct journal *ldap_journal_open(struct session *s,
				  const struct ldap_settings *set);

/* Accepts NULL. */
void ldap_journal_close(struct journal **j);

#endif
