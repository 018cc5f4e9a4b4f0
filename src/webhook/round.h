/*
 * round - what becomes of a webhook's state by each try, and when the next is
 *
 * After a failure it waits for webhooks.retry_seconds, then for three times as
 * long each time, up to ROUND_LONGEST, give or take a fifth; or as long as the
 * receiver asks for.  After webhooks.give_up_days without a success it is given
 * up.
 */
#ifndef WEBHOOK_ROUND_H
#define WEBHOOK_ROUND_H

#include "core/webhook.h"
#include "webhook/settings.h"

enum { ROUND_LONGEST = 6 * 3600 }; /* seconds */

/* Milliseconds after that many failures in a row; `first` and `asked` are
 * seconds. */
int64_t round_pause(int64_t first, int64_t failures, int64_t asked);

/* In that arena; the attempt may live in another. */
void round_note(struct webhook_state *st, struct arena *a,
		const struct webhook_attempt *x);
void round_taken(struct webhook_state *st, struct arena *a);

/* The last attempt that was noted has failed; milliseconds until the next. */
int64_t round_failed(struct webhook_state *st, struct arena *a,
		     const struct webhook_settings *set, int64_t asked);

bool round_is_to_wait(const struct webhook_state *st);

#endif
