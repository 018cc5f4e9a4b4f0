#include <stdlib.h>

#include "loop/fiber.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"

enum { LIMIT = 64, RING = 50, ROUNDS = 200 };

static struct loop *loop;
static char story[64];

static void tell(const char *what)
{
	size_t used = strlen(story);

	memcpy(story + used, what, strlen(what) + 1);
}

static void restart(void)
{
	story[0] = '\0';
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

static struct fiber *sleeper;

static void sleep_and_tell(void *ctx)
{
	tell("a");
	sleeper = fiber_self();
	tell(fiber_park(INT64_MAX) ? "w" : "d");
	tell(fiber_loop() == loop ? "l" : "?");
	(void)ctx;
}

/* A loop can be stopped once: a fiber that waits until all others are done. */
static void watch_over(void *ctx)
{
	while (fiber_count(loop) > 1)
		fiber_sleep(1);
	(void)ctx;
	loop_stop(loop);
}

static void open_loop(unsigned limit)
{
	struct err e = {0};

	loop = loop_open(&e);
	if (loop == NULL)
		abort();
	fiber_prepare(loop, limit);
}

static void run_and_close(void)
{
	if (!fiber_start(loop, watch_over, NULL))
		abort();
	loop_run(loop);
	NUMBER(fiber_count(loop), 0, "nobody is left");
	fiber_cleanup(loop);
	loop_close(&loop);
}

static void wake_sleeper(void *ctx)
{
	(void)ctx;
	tell("b");
	fiber_wake(sleeper);
	fiber_wake(sleeper);
	tell("c");
}

static void start_park_wake(void)
{
	open_loop(4);
	restart();
	OK(fiber_self() == NULL, "we are on no fiber");
	OK(fiber_start(loop, sleep_and_tell, NULL), "start");
	IS(story, "a", "it runs until it parks");
	NUMBER(fiber_count(loop), 1, "and stays alive");
	OK(fiber_start(loop, wake_sleeper, NULL), "another wakes it");
	IS(story, "abc", "but goes on itself first");
	run_and_close();
	IS(story, "abcwl", "what was woken runs later, once");
}

static void self_wake(void *ctx)
{
	int64_t soon = clock_now() + 20;

	(void)ctx;
	fiber_wake(fiber_self());
	OK(fiber_park(INT64_MAX), "a wake before parking is not lost");
	OK(!fiber_park(soon), "it counts once; then the deadline comes");
	OK(clock_now() >= soon, "not before its time");
	OK(!fiber_park(0), "a deadline that is over");
	OK(!fiber_park(INT64_MIN), "long over");
	fiber_wake(fiber_self());
	OK(fiber_park(0), "a wake counts although the deadline is over");
	soon = clock_now() + 15;
	fiber_wake(fiber_self());
	fiber_sleep(15);
	OK(clock_now() >= soon, "a sleep is not cut short by a wake");
}

static void inner(void *ctx)
{
	tell(ctx);
}

static void outer(void *ctx)
{
	static char i[] = "i";

	(void)ctx;
	OK(fiber_start(loop, inner, i), "a fiber starts another");
	tell("o");
	fiber_sleep(0);
	fiber_park(clock_now() + 5);
	tell("p");
}

static void nested(void)
{
	open_loop(8);
	restart();
	fiber_start(loop, self_wake, NULL);
	fiber_start(loop, outer, NULL);
	run_and_close();
	IS(story, "oip", "which runs when the first one parks");
}

static void park_for_ever(void *ctx)
{
	struct fiber **self = ctx;

	*self = fiber_self();
	fiber_park(INT64_MAX);
	*self = NULL;
}

static void limits(void)
{
	struct fiber *parked[3] = {NULL};
	static char x[] = "x";
	unsigned refused = 0;

	open_loop(4);
	restart();
	for (size_t i = 0; i < COUNT(parked); i++)
		fiber_start(loop, park_for_ever, &parked[i]);
	OK(fiber_start(loop, inner, x), "as many as allowed");
	for (unsigned i = 0; i < 500; i++)
		refused += !fiber_start(loop, inner, x + 1);
	NUMBER(refused, 0, "stacks of finished ones are used again");
	struct fiber *fourth = NULL;
	OK(fiber_start(loop, park_for_ever, &fourth), "all are alive");
	OK(!fiber_start(loop, inner, x), "one more is refused");
	IS(story, "x", "and was not run");
	fiber_wake(fourth);
	for (size_t i = 0; i < COUNT(parked); i++)
		fiber_wake(parked[i]);
	/* There is no room for one that watches over them. */
	struct timer end = {.fn = stop, .ctx = loop};
	loop_set_timer(loop, &end, clock_now() + 10);
	loop_run(loop);
	OK(parked[0] == NULL && parked[2] == NULL && fourth == NULL,
	   "all were woken");
	NUMBER(fiber_count(loop), 0, "and have ended");
	fiber_cleanup(loop);
	loop_close(&loop);
}

/* Each hands a token to the next, round after round. */
static struct fiber *ring[RING];
static unsigned token, passed;

static void hand_on(void *ctx)
{
	size_t me = *(size_t *)ctx;

	ring[me] = fiber_self();
	for (unsigned round = 0; round < ROUNDS; round++) {
		while (token % RING != me)
			fiber_park(INT64_MAX);
		token++;
		passed++;
		if (ring[token % RING] != NULL)
			fiber_wake(ring[token % RING]);
	}
}

static void many(void)
{
	static size_t numbers[RING];

	open_loop(LIMIT);
	for (size_t i = RING; i > 0; i--) {
		numbers[i - 1] = i - 1;
		fiber_start(loop, hand_on, &numbers[i - 1]);
	}
	run_and_close();
	NUMBER(passed, RING * ROUNDS, "fifty fibers wake each other in a ring");
}

/* Two that wake each other for ever must not keep a timer from firing. */
static struct fiber *pair[2];
static bool enough, starved;
static int64_t give_up;

static void volley(void *ctx)
{
	size_t me = *(size_t *)ctx;

	pair[me] = fiber_self();
	while (!enough && clock_now() < give_up) {
		if (pair[1 - me] != NULL)
			fiber_wake(pair[1 - me]);
		fiber_park(clock_now() + 1000);
	}
	starved = starved || !enough;
	if (pair[1 - me] != NULL)
		fiber_wake(pair[1 - me]);
	pair[me] = NULL;
}

static void say_enough(void *ctx)
{
	(void)ctx;
	enough = true;
}

static void starvation(void)
{
	static size_t numbers[2] = {0, 1};
	struct timer end = {.fn = say_enough};

	open_loop(8);
	give_up = clock_now() + 1000;
	loop_set_timer(loop, &end, clock_now() + 20);
	fiber_start(loop, volley, &numbers[0]);
	fiber_start(loop, volley, &numbers[1]);
	run_and_close();
	OK(!starved,
	   "fibers that keep waking each other do not stop the clock");
}

static unsigned naps;

static void nap(void *ctx)
{
	int64_t ms = *(int64_t *)ctx, until = clock_now() + ms;

	fiber_sleep(ms);
	naps += clock_now() >= until;
}

static void sleepers(void)
{
	static int64_t times[LIMIT - 4];
	int64_t began = clock_now();

	open_loop(LIMIT);
	for (size_t i = 0; i < COUNT(times); i++) {
		times[i] = (int64_t)(i * 37 % 50);
		fiber_start(loop, nap, &times[i]);
	}
	run_and_close();
	NUMBER(naps, COUNT(times), "all slept as long as they wanted");
	OK(clock_now() - began < 2000, "side by side");
}

/* A stack of its own: deep enough for what we call, and left as it was. */
static unsigned depth(unsigned n)
{
	volatile char room[512];

	room[0] = (char)n;
	return n == 0 ? 0 : 1 + depth(n - 1) + (unsigned)(room[0] - room[0]);
}

static void dive(void *ctx)
{
	unsigned before = depth(100);

	fiber_sleep(1);
	*(unsigned *)ctx = before + depth(100);
}

static unsigned count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned count = 0;
	int c;

	if (maps == NULL)
		abort();
	while ((c = fgetc(maps)) != EOF)
		count += c == '\n';
	fclose(maps);
	return count;
}

enum { BURST = 400, BURST_REST = 100 };

static unsigned mappings[3];

static void blink(void *ctx)
{
	(void)ctx;
	fiber_sleep(1);
}

/* A stack and its guard page are two mappings. */
static void watch_stacks(void *ctx)
{
	int64_t until;

	(void)ctx;
	mappings[0] = count_mappings();
	for (int i = 0; i < BURST; i++)
		fiber_start(loop, blink, NULL);
	mappings[1] = count_mappings();
	until = clock_now() + 20000;
	do {
		fiber_sleep(100);
		mappings[2] = count_mappings();
	} while (mappings[2] > mappings[0] + 2 * BURST_REST &&
		 clock_now() < until);
	for (int i = 0; i < BURST; i++)
		fiber_start(loop, blink, NULL);
	fiber_sleep(20);
}

static void burst(void)
{
	open_loop(BURST + 2);
	fiber_start(loop, watch_stacks, NULL);
	run_and_close();
	OK(mappings[1] >= mappings[0] + 2 * (BURST - BURST_REST),
	   "many at once have many stacks");
	OK(mappings[2] <= mappings[0] + 2 * BURST_REST,
	   "which are given back when nobody needs them");
}

int main(void)
{
	unsigned dived[2] = {0, 0};

	start_park_wake();
	nested();
	limits();
	many();
	starvation();
	sleepers();
	open_loop(4);
	fiber_start(loop, dive, &dived[0]);
	fiber_start(loop, dive, &dived[1]);
	run_and_close();
	burst();
	NUMBER(dived[0] + dived[1], 400, "stacks hold 50 KiB and do not mix");
	return tap_done();
}
