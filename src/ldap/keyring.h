/*
 * keyring - core/keyring.h in the directory
 */
#ifndef LDAP_KEYRING_H
#define LDAP_KEYRING_H

#include "core/keyring.h"
#include "ldap/store_parts.h"

/* Beside a store of ldap_store_open(), which must outlive it. */
struct keyring *ldap_keyring_open(struct store *s);
void ldap_keyring_close(struct keyring **r); /* accepts NULL */

/* With the gateway's own rights: the name of the key with that id, wherever it
 * is; NULL: there is none. */
bool keyring_find(struct ldap_store *s, const struct task *t, const char *id,
		  const char **dn, struct err *e);

/* The same: remove the keys below an entry, so that it can be.  `any`: there
 * were some. */
bool keyring_remove_below(struct ldap_store *s, const struct task *t,
			  const char *owner_dn, bool *any, struct err *e);

#endif
