#include "policy/round.h"

#include <stdlib.h>

#include "loop/fiber.h"
#include "tests/lib/tap.h"
#include "util/clock.h"

enum { SLOW = 20, LIMIT = 8 };

static struct loop *loop;
static struct arena *a;
static unsigned at_once, most, calls;

/* What it is called says how it is: (f)ull, (r)oom, (d)own or (h)angs. */
static bool ask(void *ctx, struct arena *arena,
		const struct policy_request *what, const int64_t *until,
		bool *full, struct err *e)
{
	int64_t end = clock_now() + SLOW;

	(void)ctx, (void)arena;
	calls++;
	most = ++at_once > most ? at_once : most;
	while (clock_now() < *until &&
	       (what->recipient[0] == 'h' || clock_now() < end))
		fiber_park(what->recipient[0] == 'h' || end > *until ? *until
								     : end);
	at_once--;
	*full = what->recipient[0] == 'f';
	return (what->recipient[0] != 'd' && clock_now() < *until) ||
	       err_set(e, ERR_UNAVAILABLE, "down");
}

static const char *told(const char *boxes, bool any, int64_t ms)
{
	const struct round_parts p = {.ask = ask, .any = any};
	struct text_list list = {arena_alloc(a, 64 * sizeof(char *)), 0};
	struct round_result r;

	at_once = most = calls = 0;
	for (; *boxes != '\0'; boxes++)
		list.items[list.count++] = arena_strndup(a, boxes, 1);
	round_ask(&p, a, &list, clock_now() + ms, &r);
	NUMBER(at_once, 0, "nobody is left asking");
	return arena_printf(a, "%zu %zu %zu", r.full, r.room, r.failed);
}

static void rounds(void *ctx)
{
	int64_t begun = clock_now();

	(void)ctx;
	IS(told("f", false, 10000), "1 0 0", "one that is full");
	IS(told("ffffffffffff", false, 10000), "12 0 0", "twelve of them");
	NUMBER(most, ROUND_AT_ONCE, "side by side, within the bound");
	IS(told("hhhr", false, 10000), "0 1 0",
	   "one with room settles it, whoever hangs");
	IS(told("rhhh", false, 10000), "0 1 0", "the first as well");
	IS(told("hhhf", true, 10000), "1 0 0", "one that is full does, if any");
	OK(clock_now() - begun < 5000, "nobody waits for those who hang");
	told("rrrrrrrrrrrrrrrr", false, 10000);
	OK(calls <= ROUND_AT_ONCE, "and the others are not asked");
	IS(told("dfd", false, 10000), "1 0 2",
	   "who cannot be asked is counted");
	IS(told("fh", false, 100), "1 0 1", "who hangs is given up");
	IS(told("hhhhhh", false, 100), "0 0 6",
	   "and so are those whose turn never came");
	IS(told("", false, 100), "0 0 0", "nobody to be asked");
	loop_stop(loop);
}

int main(void)
{
	struct err e = {0};

	a = arena_new();
	loop = loop_open(&e);
	if (loop == NULL)
		abort();
	fiber_prepare(loop, LIMIT);
	fiber_start(loop, rounds, NULL);
	loop_run(loop);
	fiber_cleanup(loop);
	loop_close(&loop);
	arena_free(a);
	return tap_done();
}
