/*
 * dn - the only way to build a distinguished name: escaping cannot be forgotten
 */
#ifndef LDAP_DN_H
#define LDAP_DN_H

#include "util/arena.h"

/* "attr=value,parent" with the value escaped (RFC 4514 section 2.4). */
const char *dn_child(struct arena *a, const char *attr, const char *value,
		     const char *parent);

#endif
