#include "ldap/abreast.h"

#include <stdint.h>

#include "loop/fiber.h"
#include "util/clock.h"

enum { LOOK = 1000 }; /* milliseconds; whoever ends wakes us */

struct row {
	abreast_fn *work;
	void *ctx;
	size_t next, count;
	struct err *err;
	bool failed;
	struct fiber *owner;
	unsigned running; /* helpers */
};

static void work(struct row *r)
{
	while (r->next < r->count && !r->failed) {
		struct err e = {0};

		if (r->work(r->ctx, r->next++, &e) || r->failed)
			continue;
		r->failed = true;
		*r->err = e;
	}
}

static void help(void *ctx)
{
	struct row *r = ctx;

	work(r);
	r->running--;
	fiber_wake(r->owner);
}

bool abreast(abreast_fn *each, void *ctx, size_t count, unsigned at_once,
	     struct err *e)
{
	struct row r = {.work = each,
			.ctx = ctx,
			.count = count,
			.err = e,
			.owner = fiber_self()};

	for (unsigned i = 1; i < at_once && i < count; i++) {
		if (r.owner == NULL || !fiber_start(fiber_loop(), help, &r))
			break; /* then we do it alone */
		r.running++;
	}
	work(&r);
	while (r.running > 0)
		fiber_park(clock_now() + LOOK);
	return !r.failed;
}
