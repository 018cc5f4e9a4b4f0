/*
 * store - core/store.h on top of an LDAP directory
 */
#ifndef LDAP_STORE_H
#define LDAP_STORE_H

#include "core/store.h"
#include "ldap/session.h"

/* Settings and session must outlive it. */
struct store *ldap_store_open(struct session *s,
			      const struct ldap_settings *set);

/* Another session, on which less has to be asked of whoever reads. */
void ldap_store_read_by(struct store *s, struct session *reading);

/* The same for adding what callers add. */
void ldap_store_add_by(struct store *s, struct session *adding);

/* Accepts NULL. */
void ldap_store_close(struct store **s);

#endif
