#include "policy/round.h"

#include "loop/fiber.h"
#include "util/clock.h"

enum { LOOK = 1000 }; /* milliseconds; whoever ends wakes us */

struct round {
	const struct round_parts *parts;
	struct arena *arena;
	const struct text_list *mailboxes;
	struct round_result *result;
	size_t next;
	int64_t until; /* the past: it is settled */
	struct fiber *owner, *helpers[ROUND_AT_ONCE];
	unsigned running; /* helpers */
};

static void settle(struct round *r)
{
	r->until = 0;
	for (size_t i = 0; i < ROUND_AT_ONCE; i++) {
		if (r->helpers[i] != NULL)
			fiber_wake(r->helpers[i]);
	}
	if (r->owner != NULL)
		fiber_wake(r->owner);
}

static void note(struct round *r, bool good, bool full, const struct err *e)
{
	struct round_result *res = r->result;

	if (!good) {
		res->failed++;
		res->err = *e;
		return;
	}
	res->full += full;
	res->room += !full;
	if (full == r->parts->any)
		settle(r);
}

static void work(struct round *r)
{
	while (r->next < r->mailboxes->count && clock_now() < r->until) {
		struct policy_request what = r->parts->what;
		struct err e = {0};
		bool full = false;

		what.recipient = r->mailboxes->items[r->next++];
		bool good = r->parts->ask(r->parts->ctx, r->arena, &what,
					  &r->until, &full, &e);
		/* One that was called off has not failed. */
		if (good || r->until != 0)
			note(r, good, full, &e);
	}
}

static void help(void *ctx)
{
	struct round *r = ctx;
	size_t place = 0;

	while (r->helpers[place] != NULL)
		place++;
	r->helpers[place] = fiber_self();
	work(r);
	r->helpers[place] = NULL;
	r->running--;
	fiber_wake(r->owner);
}

void round_ask(const struct round_parts *p, struct arena *a,
	       const struct text_list *mailboxes, int64_t until,
	       struct round_result *ret)
{
	struct round r = {.parts = p,
			  .arena = a,
			  .mailboxes = mailboxes,
			  .result = ret,
			  .until = until,
			  .owner = fiber_self()};

	*ret = (struct round_result){0};
	for (unsigned i = 1; i < ROUND_AT_ONCE && i < mailboxes->count; i++) {
		if (r.owner == NULL || !fiber_start(fiber_loop(), help, &r))
			break; /* then we do it alone */
		r.running++;
	}
	work(&r);
	/* What nobody came to in time. */
	if (r.until != 0)
		ret->failed += mailboxes->count - r.next;
	while (r.running > 0)
		fiber_park(clock_now() + LOOK);
}
