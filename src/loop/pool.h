/*
 * pool - a few threads for work that blocks a thread or a processor
 *
 * The queue is bounded: when it is full the caller is told at once, instead of
 * waiting behind a backlog that only grows.
 */
#ifndef LOOP_POOL_H
#define LOOP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

struct pool;

/* workers threads; at most queue jobs waiting for one of them.  The name is
 * kept and used in errors.  The threads run at lower priority when nice is
 * greater than 0. */
struct pool *pool_open(const char *name, unsigned workers, unsigned queue,
		       int nice, struct err *e);

/* Run fn(ctx) on a worker while this fiber waits.  ERR_LIMIT: the queue is
 * full; ERR_TIMEOUT: no worker took it up before the deadline; either way fn
 * was not called.  Once begun, a job is waited for to its end: fn has to bound
 * its own time. */
bool pool_run(struct pool *p, loop_fn *fn, void *ctx, int64_t deadline,
	      struct err *e);

/* Whether the queue is full.  From any thread. */
bool pool_is_full(struct pool *p);

/* Waits for jobs that have begun.  Nobody may be in pool_run().  Accepts
 * NULL. */
void pool_close(struct pool **p);

#endif
