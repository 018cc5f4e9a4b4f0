/*
 * loop - one thread that waits for many things at once
 *
 * A turn of the loop: wait for descriptors and timers, call what is due, run
 * the fibers that became ready, then the functions asked for by
 * loop_each_turn().  All functions belong to the loop's own thread, except
 * loop_post() and loop_stop().
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/timer.h"
#include "util/err.h"

struct loop;
struct watch;

typedef void loop_fn(void *ctx);

/* What to wait for; `ready` has the same bits, and LOOP_BROKEN for errors. */
enum {
	LOOP_READ = 1 << 0,
	LOOP_WRITE = 1 << 1,
	LOOP_EDGE = 1 << 2, /* tell once each time it becomes ready */
	LOOP_BROKEN = 1 << 3,
};
typedef void watch_fn(void *ctx, unsigned ready);

struct loop *loop_open(struct err *e);

/* Nothing may be watched, no timer set and no fiber alive any more.  Accepts
 * NULL. */
void loop_close(struct loop **l);

/* Turns until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Returns NULL and sets e if the kernel refuses. */
struct watch *loop_watch(struct loop *l, int fd, unsigned events, watch_fn *fn,
			 void *ctx, struct err *e);

/* Call before closing the descriptor; NULL is fine.  fn is not called again,
 * not even for what has already happened. */
void loop_unwatch(struct loop *l, struct watch **w);

/* Let the loop's thread call fn(ctx) soon.  From any thread. */
void loop_post(struct loop *l, loop_fn *fn, void *ctx);

void loop_set_timer(struct loop *l, struct timer *t, int64_t at);
void loop_clear_timer(struct loop *l, struct timer *t);

/* Call fn(ctx) at the end of every turn, for as long as the loop lives; before
 * going to sleep ask latest(ctx) how many milliseconds that may take at most,
 * -1 for as long as you like.  At most four of these. */
void loop_each_turn(struct loop *l, loop_fn *fn, int64_t (*latest)(void *ctx),
		    void *ctx);

/* For fiber.c: what to run between the events and the end of the turn, and
 * whether there is more of it, so that the loop must not sleep. */
void loop_set_ready(struct loop *l, loop_fn *run, bool (*more)(void *ctx),
		    void *ctx);
void *loop_ready_context(struct loop *l);

#endif
