#include "core/expiry.h"

#include <string.h>

#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/clock.h"

static struct world *w;
static struct store_ops ops;
static unsigned batches, last; /* called for, and the one that ends it */
static unsigned bad;           /* without memory or time of their own */
static bool stop;

static bool batch(const struct task *t, bool *more)
{
	batches++;
	bad += t->arena == w->admin.arena || arena_used(t->arena) > 0 ||
	       t->deadline > clock_now() + 60000;
	arena_alloc(t->arena, 1000);
	*more = true;
	stop = batches == last;
	return true;
}

static bool expire(struct store *s, const struct task *t, const char *from,
		   const char *to, bool *more, struct err *e)
{
	(void)s, (void)e;
	bad += strcmp(from, to) >= 0;
	return batch(t, more);
}

static bool forget_held(struct store *s, const struct task *t, const char *now,
			bool *more, struct err *e)
{
	(void)s, (void)e, (void)now;
	return batch(t, more);
}

static bool is_left(bool done, const struct err *e, unsigned after)
{
	return !done && e->kind == ERR_TIMEOUT && batches == after && bad == 0;
}

static void begin(unsigned ends)
{
	batches = bad = 0;
	last = ends;
	stop = ends == 0;
}

static void endless(void)
{
	struct expiry x = {.since = 1};
	struct err e = {0};

	begin(0);
	OK(is_left(expiry_look(&w->gateway, &w->admin, &x, &stop, &e), &e, 0),
	   "who is to stop does not begin");
	begin(3);
	OK(is_left(expiry_look(&w->gateway, &w->admin, &x, &stop, &e), &e, 3),
	   "or stops between batches");
	OK(x.since == 1, "and looks there again");
	begin(2);
	OK(is_left(expiry_sweep(&w->gateway, &w->admin, &stop, &e), &e, 2),
	   "a sweep, too");
	begin(4);
	OK(is_left(expiry_forget(&w->gateway, &w->admin, &stop, &e), &e, 4),
	   "and what forgets held addresses");
}

static void whole(void)
{
	struct expiry x = {0};
	struct err e = {0};

	stop = false;
	OK(expiry_look(&w->gateway, &w->admin, &x, &stop, &e) && x.since > 0,
	   "a look to its end");
	OK(expiry_sweep(&w->gateway, &w->admin, &stop, &e) &&
		   expiry_forget(&w->gateway, &w->admin, &stop, &e),
	   "and the others");
}

int main(void)
{
	w = world_open();
	whole();
	ops = *w->store->ops;
	ops.expire = expire;
	ops.forget_held = forget_held;
	w->store->ops = &ops;
	endless();
	world_close(&w);
	return tap_done();
}
