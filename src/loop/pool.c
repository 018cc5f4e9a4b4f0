#include "loop/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/meter.h"

struct job {
	struct job *next;
	loop_fn *fn;
	void *ctx;
	struct fiber *fiber;
	struct loop *loop;
	bool begun; /* guarded by the pool's mutex */
	bool done;  /* written and read by the loop's thread */
};

struct pool {
	const char *name;
	unsigned metered;      /* as that one */
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t more;
	struct job *queue, **last;
	unsigned waiting, limit;
	bool stop;
	pthread_t *threads;
	unsigned workers;
	int nice;
};

static void finish(void *ctx)
{
	struct job *job = ctx;

	job->done = true;
	fiber_wake(job->fiber);
}

static struct job *take(struct pool *p)
{
	struct job *job = NULL;

	pthread_mutex_lock(&p->mutex);
	while (!p->stop && p->queue == NULL)
		pthread_cond_wait(&p->more, &p->mutex);
	if (!p->stop) {
		job = p->queue;
		p->queue = job->next;
		if (p->queue == NULL)
			p->last = &p->queue;
		p->waiting--;
		job->begun = true;
		meter_add(METER_POOL_WAITING, p->metered, 0, -1);
	}
	pthread_mutex_unlock(&p->mutex);
	return job;
}

static void run(const struct pool *p, const struct job *job)
{
	int64_t began = clock_micros();

	meter_add(METER_POOL_RUNNING, p->metered, 0, 1);
	job->fn(job->ctx);
	meter_add(METER_POOL_RUNNING, p->metered, 0, -1);
	meter_time(METER_POOL_RUN, p->metered, clock_micros() - began);
}

static void *work(void *ctx)
{
	struct pool *p = ctx;
	struct job *job;

	/* Linux counts niceness by thread; without permission we work on
	 * at the usual priority. */
	if (p->nice > 0)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), p->nice);
	while ((job = take(p)) != NULL) {
		run(p, job);
		loop_post(job->loop, finish, job);
	}
	return NULL;
}

/* Signals are for the main thread. */
static int start_thread(struct pool *p, pthread_t *ret)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(ret, NULL, work, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct pool *pool_open(const char *name, unsigned workers, unsigned queue,
		       int nice, struct err *e)
{
	struct pool *p = alloc_zeroed(sizeof(*p));
	pthread_t *threads = alloc_zeroed(workers * sizeof(*threads));

	*p = (struct pool){.name = name,
			   .metered = meter_pool(name),
			   .limit = queue,
			   .threads = threads,
			   .nice = nice};
	p->last = &p->queue;
	meter_add(METER_POOL_LIMIT, p->metered, 0, queue);
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->more, NULL);
	for (; p->workers < workers; p->workers++) {
		int rc = start_thread(p, &threads[p->workers]);

		if (rc != 0) {
			err_set(e, ERR_INTERNAL, "no thread for %s: %s", name,
				strerror(rc));
			pool_close(&p);
			return NULL;
		}
	}
	return p;
}

static bool enqueue(struct pool *p, struct job *job, struct err *e)
{
	bool room;

	pthread_mutex_lock(&p->mutex);
	room = p->waiting < p->limit;
	if (room) {
		*p->last = job;
		p->last = &job->next;
		p->waiting++;
		pthread_cond_signal(&p->more);
	}
	meter_add(room ? METER_POOL_WAITING : METER_POOL_REFUSED, p->metered, 0,
		  1);
	pthread_mutex_unlock(&p->mutex);
	return room ||
	       err_code(e, ERR_LIMIT, "busy", "too much %s to do", p->name);
}

/* True if no worker has it yet; then none will get it. */
static bool withdraw(struct pool *p, struct job *job)
{
	bool ours;

	pthread_mutex_lock(&p->mutex);
	ours = !job->begun;
	if (ours) {
		struct job **at = &p->queue;

		while (*at != job)
			at = &(*at)->next;
		*at = job->next;
		if (p->last == &job->next)
			p->last = at;
		p->waiting--;
		meter_add(METER_POOL_WAITING, p->metered, 0, -1);
		meter_add(METER_POOL_REFUSED, p->metered, 0, 1);
	}
	pthread_mutex_unlock(&p->mutex);
	return ours;
}

bool pool_run(struct pool *p, loop_fn *fn, void *ctx, int64_t deadline,
	      struct err *e)
{
	struct job job = {.fn = fn,
			  .ctx = ctx,
			  .fiber = fiber_self(),
			  .loop = fiber_loop()};

	if (!enqueue(p, &job, e))
		return false;
	while (!job.done) {
		fiber_park(deadline);
		if (!job.done && clock_now() >= deadline) {
			if (withdraw(p, &job))
				return err_code(e, ERR_TIMEOUT, "busy",
						"%s took too long", p->name);
			deadline = INT64_MAX;
		}
	}
	return true;
}

bool pool_is_full(struct pool *p)
{
	pthread_mutex_lock(&p->mutex);
	bool full = p->waiting >= p->limit;
	pthread_mutex_unlock(&p->mutex);
	return full;
}

void pool_close(struct pool **pool)
{
	struct pool *p = *pool;

	*pool = NULL;
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->mutex);
	for (unsigned i = 0; i < p->workers; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->mutex);
	meter_add(METER_POOL_LIMIT, p->metered, 0, -(int64_t)p->limit);
	free(p->threads);
	free(p);
}
