/*
 * connect - open a connection to the directory; blocks, so call it on a pool
 *
 * Certificates are demanded, referrals are not followed.
 */
#ifndef LDAP_CONNECT_H
#define LDAP_CONNECT_H

#include <ldap.h>

#include "ldap/settings.h"
#include "util/arena.h"
#include "util/err.h"
#include "util/field.h"

enum connect_as {
	CONNECT_GATEWAY, /* bound as the gateway */
	CONNECT_NOBODY,  /* not bound: somebody will log in */
	CONNECT_READER,  /* bound as settings say, and never writes */
};

enum {
	CONNECT_SECONDS = 2,        /* at most, for each step of it */
	CONNECT_MESSAGE = 16 << 20, /* bytes of what the directory sends at
				     * once; ours have less than one MiB */
};

/* Whom the system trusts.  libldap would know it by ldap.conf alone. */
#define CONNECT_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

/* Call once, before there are threads: libldap sets itself up, without asking
 * its configuration files or the environment. */
void connect_prepare(void);

/* The servers of settings' uri, one URI each. */
struct text_list connect_servers(struct arena *a, const char *uri);

/* False, with e set, unless the settings can work. */
bool connect_check(const struct ldap_settings *set, struct err *e);

/* Let nobody make libldap allocate more than CONNECT_MESSAGE; without it a
 * length of 4 GiB is believed. */
bool connect_limit(LDAP *ld);

/* To the one server in set->uri.  The result does not block, and the server has
 * answered something on it.  NULL, with e set, when it failed: ERR_TIMEOUT if
 * it did not answer. */
LDAP *connect_directory(const struct ldap_settings *set, enum connect_as as,
			struct err *e);

#endif
