/*
 * ldif - entries as text (RFC 2849)
 */
#ifndef LDAP_LDIF_H
#define LDAP_LDIF_H

#include <ldap.h>

#include "util/arena.h"

/* An entry of what would be added, and an empty line behind it. */
const char *ldif_entry(struct arena *a, const char *dn, LDAPMod *const *mods);

#endif
