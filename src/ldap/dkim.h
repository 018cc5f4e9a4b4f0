/*
 * dkim - the port for DKIM keys: entries below their domain's
 */
#ifndef LDAP_DKIM_H
#define LDAP_DKIM_H

#include "core/dkim_ring.h"

struct dkim_ring *ldap_dkim_open(struct store *s);

/* Accepts NULL. */
void ldap_dkim_close(struct dkim_ring **r);

#endif
