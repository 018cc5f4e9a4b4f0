/*
 * vault - hands rspamd the keys that sign a domain's mail, in the way of
 * HashiCorp's Vault: GET /v1/dkim/<domain> with a token in X-Vault-Token
 *
 * On one loop, with connections of its own to the directory, as which it may
 * read private keys.  It knows nothing else, and nobody else is told.
 */
#ifndef SIGNER_VAULT_H
#define SIGNER_VAULT_H

#include "http/server.h"
#include "ldap/session.h"
#include "signer/envelope.h"
#include "signer/settings.h"

struct vault;

struct vault_parts {
	struct loop *loop;
	struct pool *const *connectors;
	struct news *news;
	struct sources *sources;
	const struct ldap_settings *ldap;
	const struct http_settings *http;
	const struct signer_settings *settings;
	const struct envelope *seal; /* NULL: keys are as they are */
	int listener;                /* taken over, also on failure */
};

/* What the parts point to must outlive it, but for settings and ldap.  NULL,
 * with e set, on failure. */
struct vault *vault_open(const struct vault_parts *parts, struct err *e);

/* As of a server and a session: accept nobody any more; let go of everybody;
 * and when nobody is left, let the directory go, too.  All accept NULL. */
void vault_quiesce(struct vault *v);
void vault_cut_off(struct vault *v);
bool vault_is_idle(const struct vault *v);
void vault_stop(struct vault *v);
bool vault_is_closed(const struct vault *v);
void vault_close(struct vault **v);

#endif
