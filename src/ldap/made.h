/*
 * made - what slapd itself gave to a record that is gone already
 *
 * Its id and times, as the log of changes has them.
 */
#ifndef LDAP_MADE_H
#define LDAP_MADE_H

#include "ldap/store_parts.h"

/* Of the newest record that was added under that key; with the gateway's own
 * rights.  False: the log does not tell. */
bool made_recall(struct ldap_store *s, const struct task *t, enum kind k,
		 const char *key, void *record, const char **guard);

#endif
