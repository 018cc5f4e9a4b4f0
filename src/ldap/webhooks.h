/*
 * webhooks - the port, below ou=webhooks
 *
 * A webhook is an entry that its owner writes, and how far it has come another,
 * below ou=journal, that only gateways read and of which the log keeps nothing:
 * it changes with each message.
 */
#ifndef LDAP_WEBHOOKS_H
#define LDAP_WEBHOOKS_H

#include "core/store.h"
#include "core/webhook_box.h"

struct webhook_keeping {
	bool plain;               /* http is allowed */
	int64_t grace_hours;      /* that an old secret signs */
	const unsigned char *key; /* secrets are sealed with; or NULL */
};

/* The key must outlive it. */
struct webhook_box *ldap_webhooks_open(struct store *s,
				       const struct webhook_keeping *how);
void ldap_webhooks_close(struct webhook_box **b); /* accepts NULL */

#endif
