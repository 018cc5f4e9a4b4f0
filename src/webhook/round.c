#include "webhook/round.h"

#include <string.h>

#include "util/clock.h"
#include "util/instant.h"
#include "util/random.h"

enum { TIMES = 3, FIFTHS = 5, STEPS = 1000, DAY = 86400, MILLIS = 1000 };

int64_t round_pause(int64_t first, int64_t failures, int64_t asked)
{
	int64_t pause = first;
	uint16_t any;

	for (int64_t i = 1; i < failures && pause < ROUND_LONGEST; i++)
		pause *= TIMES;
	if (pause > ROUND_LONGEST)
		pause = ROUND_LONGEST;
	/* From four fifths to six, so that not all come at once. */
	random_bytes(&any, sizeof(any));
	pause *= MILLIS;
	pause = pause * (FIFTHS - 1) / FIFTHS +
		2 * pause * (any % STEPS) / STEPS / FIFTHS;
	if (asked > ROUND_LONGEST)
		asked = ROUND_LONGEST;
	return asked * MILLIS > pause ? asked * MILLIS : pause;
}

static const char *copy(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

void round_note(struct webhook_state *st, struct arena *a,
		const struct webhook_attempt *x)
{
	if (st->attempt_count < WEBHOOK_ATTEMPTS)
		st->attempt_count++;
	memmove(&st->attempts[1], &st->attempts[0],
		(st->attempt_count - 1) * sizeof(st->attempts[0]));
	st->attempts[0] = *x;
	st->attempts[0].at = copy(a, x->at);
	st->attempts[0].message = copy(a, x->message);
	st->attempts[0].event = copy(a, x->event);
	st->attempts[0].error = copy(a, x->error);
}

static const char *moment(struct arena *a, int64_t seconds)
{
	char text[INSTANT_SIZE];

	instant_text(text, seconds);
	return arena_strdup(a, text);
}

void round_taken(struct webhook_state *st, struct arena *a)
{
	st->failures = 0;
	st->failing_since = st->failure = st->next_at = NULL;
	st->delivered_at = moment(a, clock_seconds());
}

int64_t round_failed(struct webhook_state *st, struct arena *a,
		     const struct webhook_settings *set, int64_t asked)
{
	int64_t now = clock_seconds();
	int64_t pause =
		round_pause(set->retry_seconds, st->failures + 1, asked);

	st->failures++;
	if (st->failing_since == NULL)
		st->failing_since = moment(a, now);
	st->failure = st->attempts[0].error;
	st->next_at = moment(a, now + (pause + MILLIS - 1) / MILLIS);
	st->given_up = strcmp(st->failing_since,
			      moment(a, now - set->give_up_days * DAY)) <= 0;
	return pause;
}

bool round_is_to_wait(const struct webhook_state *st)
{
	return st->next_at != NULL && !instant_is_past(st->next_at);
}
