#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop/fiber.h"
#include "loop/pool.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"

enum { MANY = 40, JOBS = 25 };

static struct loop *loop;
static struct pool *pool;
static pthread_t home;

static void watch_over(void *ctx)
{
	(void)ctx;
	while (fiber_count(loop) > 1)
		fiber_sleep(1);
	loop_stop(loop);
}

static void open_both(unsigned workers, unsigned queue)
{
	struct err e = {0};

	home = pthread_self();
	loop = loop_open(&e);
	pool = pool_open("testing", workers, queue, 1, &e);
	if (loop == NULL || pool == NULL)
		abort();
	fiber_prepare(loop, MANY + 8);
}

static void run_and_close(void)
{
	if (!fiber_start(loop, watch_over, NULL))
		abort();
	loop_run(loop);
	pool_close(&pool);
	fiber_cleanup(loop);
	loop_close(&loop);
}

static void square(void *ctx)
{
	int *n = ctx;

	*n = pthread_equal(pthread_self(), home) ? -1 : *n * *n;
}

static unsigned right;

static void calculate(void *ctx)
{
	int first = *(int *)ctx;
	struct err e = {0};

	for (int i = 0; i < JOBS; i++) {
		int n = first + i;

		right += pool_run(pool, square, &n, INT64_MAX, &e) &&
			 n == (first + i) * (first + i);
	}
}

static void results(void)
{
	static int firsts[MANY];

	open_both(4, MANY);
	for (int i = 0; i < MANY; i++) {
		firsts[i] = i * 100;
		fiber_start(loop, calculate, &firsts[i]);
	}
	run_and_close();
	NUMBER(right, MANY * JOBS, "each fiber gets its own results back");
}

/* A job that lasts until it is let go. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint begun;

static void wait_at_gate(void *ctx)
{
	(void)ctx;
	atomic_fetch_add(&begun, 1);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}

struct attempt {
	int64_t patience; /* milliseconds */
	bool done, good;
	struct err err;
	int64_t took;
};

static void attempt(void *ctx)
{
	struct attempt *at = ctx;
	int64_t began = clock_now();

	at->good = pool_run(pool, wait_at_gate, NULL, began + at->patience,
			    &at->err);
	at->took = clock_now() - began;
	at->done = true;
}

static void await_begun(unsigned count)
{
	while (atomic_load(&begun) < count)
		usleep(1000);
}

static void open_gate(void *ctx)
{
	(void)ctx;
	pthread_mutex_unlock(&gate);
}

/* One worker, two places in the queue. */
static void queue_and_deadline(void)
{
	struct attempt running = {.patience = 30}, first = {.patience = 20},
		       second = {.patience = 60000}, third = {.patience = 20};
	struct timer release = {.fn = open_gate};

	open_both(1, 2);
	pthread_mutex_lock(&gate);
	fiber_start(loop, attempt, &running);
	await_begun(1);
	fiber_start(loop, attempt, &first);
	fiber_start(loop, attempt, &second);
	OK(!first.done && !second.done, "two wait in the queue");
	fiber_start(loop, attempt, &third);
	OK(third.done && !third.good, "the third is told at once");
	NUMBER(third.err.kind, ERR_LIMIT, "that there is too much");
	OK(strstr(third.err.text, "testing") != NULL, "of what");
	loop_set_timer(loop, &release, clock_now() + 100);
	run_and_close();
	OK(!first.good, "whom no worker took up in time");
	NUMBER(first.err.kind, ERR_TIMEOUT, "is told so");
	OK(first.took >= 20 && first.took < 90, "at his deadline");
	OK(running.good && running.took >= 90,
	   "what has begun is waited for, beyond the deadline");
	OK(second.good, "who waits longer gets his turn");
	NUMBER(atomic_load(&begun), 2, "the others were never begun");
}

/* From the middle and the end of the queue, and there is room again. */
static void withdrawals(void)
{
	struct attempt running = {.patience = 60000},
		       queued[] = {{.patience = 40},
				   {.patience = 10},
				   {.patience = 60000},
				   {.patience = 20}},
		       late = {.patience = 60000};
	struct timer release = {.fn = open_gate};

	open_both(1, COUNT(queued));
	atomic_store(&begun, 0);
	pthread_mutex_lock(&gate);
	fiber_start(loop, attempt, &running);
	await_begun(1);
	for (size_t i = 0; i < COUNT(queued); i++)
		fiber_start(loop, attempt, &queued[i]);
	loop_set_timer(loop, &release, clock_now() + 80);
	fiber_start(loop, attempt, &late);
	OK(late.done && late.err.kind == ERR_LIMIT, "the queue is full");
	run_and_close();
	OK(!queued[0].good && !queued[1].good && !queued[3].good,
	   "three gave up, from every place in the queue");
	OK(running.good && queued[2].good, "the other was served");
	NUMBER(atomic_load(&begun), 2, "and nothing else was begun");
}

/* A deadline that is over: nothing is waited for, whether begun or not. */
static void no_time_left(void)
{
	struct attempt now = {.patience = -1};

	open_both(1, 4);
	fiber_start(loop, attempt, &now);
	run_and_close();
	OK(now.done && (now.good || now.err.kind == ERR_TIMEOUT),
	   "with no time left it is done or refused");
}

int main(void)
{
	struct pool *none = NULL;

	results();
	queue_and_deadline();
	withdrawals();
	no_time_left();
	pool_close(&none);
	OK(none == NULL, "closing nothing is fine");
	return tap_done();
}
