/*
 * letter - a change as the message that a webhook is sent
 */
#ifndef WEBHOOK_LETTER_H
#define WEBHOOK_LETTER_H

#include "core/messenger.h"

/* The same each time, also by another gateway. */
void letter_of_change(struct arena *a, const struct webhook *w,
		      const struct change *c, struct message *ret);

/* That nobody knows what was changed since it had come to that place. */
void letter_of_loss(struct arena *a, const struct webhook *w, const char *place,
		    struct message *ret);

#endif
