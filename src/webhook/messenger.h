/*
 * messenger - core/messenger.h on top of client/post.h: signs a message and
 * posts it
 */
#ifndef WEBHOOK_MESSENGER_H
#define WEBHOOK_MESSENGER_H

#include <sys/socket.h>

#include "client/post.h"
#include "core/messenger.h"
#include "webhook/settings.h"

/* Of one loop; settings and poster must outlive it. */
struct messenger *webhook_messenger_open(struct poster *p,
					 const struct webhook_settings *set);
void webhook_messenger_close(struct messenger **m); /* accepts NULL */

/* "v1,..." by each secret that signs now, with blanks between (Standard
 * Webhooks 1.0.0); "" if there is none. */
const char *webhook_signature(struct arena *a, const struct webhook_state *st,
			      const char *id, const char *timestamp,
			      const char *body, size_t size);

/* For a poster: whether one of these settings lets it speak to that address. */
bool webhook_allows(void *settings, const struct sockaddr *to);

#endif
