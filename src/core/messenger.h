/*
 * messenger - the port by which a message is posted to a webhook
 */
#ifndef CORE_MESSENGER_H
#define CORE_MESSENGER_H

#include "core/webhook.h"

struct messenger;

struct message {
	const char *id, *event, *body;
	size_t size;
	int64_t number;   /* which try it is; the first go before others, and
			   * before   what has a time of its own */
	int64_t millis;   /* that it may take; 0: as long as usual */
	const bool *stop; /* given up when this is true and the fiber is woken;
			   * or NULL */
};

struct messenger_ops {
	/* Signed with the secrets of the state; it parks the fiber until there
	 * is a reply, or it is too late for one.  Whatever comes of it is in
	 * the attempt.  `wait`: seconds that the receiver asked for until the
	 * next try; 0: none.  False: it was not tried. */
	bool (*send)(struct messenger *m, struct arena *a,
		     const struct webhook *w, const struct webhook_state *st,
		     const struct message *what, struct webhook_attempt *ret,
		     int64_t *wait, struct err *e);
};

struct messenger {
	const struct messenger_ops *ops;
};

#endif
