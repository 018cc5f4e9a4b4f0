/*
 * requests - the port, below ou=requests
 *
 * A record is named by a digest of who asks and of the key he gave, under a
 * secret that all gateways share: another caller's equal key is another record,
 * and an add decides who of two is first.  Its answer is sealed with what is
 * derived from that secret and from the key, which is stored nowhere.
 */
#ifndef LDAP_REQUESTS_H
#define LDAP_REQUESTS_H

#include <ldap.h>

#include "core/requests.h"
#include "core/store.h"
#include "ldap/settings.h"

/* The settings and the name of this gateway must outlive it. */
struct requests *ldap_requests_open(struct store *s,
				    const struct request_settings *set,
				    const char *gateway);
void ldap_requests_close(struct requests **r);

/* What a task adds carries the mark of its request, if it has one. */
LDAPMod **ldap_requests_mark(const struct task *t, LDAPMod **mods);

#endif
