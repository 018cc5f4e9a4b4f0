/*
 * webhook_state - how far a webhook has come, as the text that is kept of it
 */
#ifndef LDAP_WEBHOOK_STATE_H
#define LDAP_WEBHOOK_STATE_H

#include "core/webhook.h"
#include "util/err.h"

/* Secrets are sealed with that key, for the webhook of that id; NULL: they are
 * not. */
const char *webhook_state_write(struct arena *a, const unsigned char *key,
				const char *id, const struct webhook_state *st);

/* Without its guard. */
bool webhook_state_read(struct arena *a, const unsigned char *key,
			const char *id, const char *text,
			struct webhook_state *ret, struct err *e);

#endif
