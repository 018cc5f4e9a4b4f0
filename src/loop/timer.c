#include "loop/timer.h"

#include <stdlib.h>

#include "util/alloc.h"

static void put(struct timers *all, size_t place, struct timer *t)
{
	all->heap[place - 1] = t;
	t->place = place;
}

static struct timer *at(const struct timers *all, size_t place)
{
	return all->heap[place - 1];
}

static void rise(struct timers *all, struct timer *t)
{
	size_t place = t->place;

	while (place > 1 && at(all, place / 2)->at > t->at) {
		put(all, place, at(all, place / 2));
		place /= 2;
	}
	put(all, place, t);
}

static void sink(struct timers *all, struct timer *t)
{
	size_t place = t->place, child;

	while ((child = place * 2) <= all->count) {
		if (child < all->count &&
		    at(all, child + 1)->at < at(all, child)->at)
			child++;
		if (at(all, child)->at >= t->at)
			break;
		put(all, place, at(all, child));
		place = child;
	}
	put(all, place, t);
}

static void make_room(struct timers *all)
{
	if (all->count < all->room)
		return;
	all->room = all->room > 0 ? all->room * 2 : 64;
	all->heap = reallocarray(all->heap, all->room, sizeof(*all->heap));
	if (all->heap == NULL)
		alloc_die();
}

void timer_set(struct timers *all, struct timer *t, int64_t when)
{
	if (t->place == 0) {
		make_room(all);
		put(all, ++all->count, t);
	}
	t->at = when;
	rise(all, t);
	sink(all, t);
}

void timer_clear(struct timers *all, struct timer *t)
{
	size_t place = t->place;

	if (place == 0)
		return;
	struct timer *last = at(all, all->count--);
	t->place = 0;
	if (last != t) {
		put(all, place, last);
		rise(all, last);
		sink(all, last);
	}
}

void timer_fire(struct timers *all, int64_t now)
{
	while (all->count > 0 && at(all, 1)->at <= now) {
		struct timer *t = at(all, 1);

		timer_clear(all, t);
		t->fn(t->ctx);
	}
}

int64_t timer_next(const struct timers *all)
{
	return all->count > 0 ? at(all, 1)->at : INT64_MAX;
}

void timer_release(struct timers *all)
{
	free(all->heap);
	*all = (struct timers){0};
}
