/*
 * fiber - straight-line code that waits without holding up its loop
 *
 * A fiber is a small stack of its own, run by the thread of one loop.  Code on
 * it that has to wait parks it and goes on when something wakes it; meanwhile
 * the loop serves others.  Stacks have 128 KiB and a guard page below, so that
 * running over ends the process instead of corrupting a neighbour.
 */
#ifndef LOOP_FIBER_H
#define LOOP_FIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

struct fiber;

/* Prepare a loop for at most that many fibers at a time. */
void fiber_prepare(struct loop *l, unsigned limit);

/* Start fn(ctx) on a fiber of its own; it runs until it first parks.  False,
 * with nothing done, when as many as allowed are alive. */
bool fiber_start(struct loop *l, loop_fn *fn, void *ctx);

/* The fiber we are on, or NULL on the loop's own stack. */
struct fiber *fiber_self(void);
struct loop *fiber_loop(void);

/* Wait to be woken.  False if the deadline, by clock_now(), came first; then a
 * wake that comes later is forgotten.  A wake that came before parking is not
 * lost.  Check what you wait for in a loop: wakes may be spurious. */
bool fiber_park(int64_t deadline);

/* From the same loop's thread only.  It runs later in this turn. */
void fiber_wake(struct fiber *f);

/* Park for that many milliseconds. */
void fiber_sleep(int64_t ms);

/* How many are alive. */
unsigned fiber_count(struct loop *l);

/* Unmap the stacks; no fiber may be alive. */
void fiber_cleanup(struct loop *l);

#endif
