/*
 * timer - moments a loop must not sleep through
 *
 * A binary heap of timers that live in their owners' structs.  Times are those
 * of clock_now(), in milliseconds.
 */
#ifndef LOOP_TIMER_H
#define LOOP_TIMER_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t at;
	size_t place; /* in the heap, counted from 1; 0: not set */
	void (*fn)(void *ctx);
	void *ctx;
};

struct timers {
	struct timer **heap;
	size_t count, room;
};

/* Set or move.  The timer must not go away before it fired or was cleared. */
void timer_set(struct timers *all, struct timer *t, int64_t at);

/* It is fine if it is not set. */
void timer_clear(struct timers *all, struct timer *t);

/* Call all that are due; each is cleared before its function is called. */
void timer_fire(struct timers *all, int64_t now);

/* When the next is due, or INT64_MAX. */
int64_t timer_next(const struct timers *all);

void timer_release(struct timers *all);

#endif
