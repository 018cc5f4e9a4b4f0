#include <stdlib.h>

#include "loop/timer.h"
#include "tests/lib/tap.h"
#include "util/field.h"

enum { TIMERS = 300, OPERATIONS = 20000 };

/* A model beside the heap: when each timer is due, if it is set. */
static struct {
	struct timer timer;
	int64_t at;
	bool set;
	unsigned fired;
} each[TIMERS];

static struct timers heap;
static int64_t now, last_fired;
static bool in_order = true, only_due = true;
static unsigned short seed[3] = {1, 2, 3};

static size_t below(size_t n)
{
	return (size_t)nrand48(seed) % n;
}

static void fire(void *ctx)
{
	size_t i = *(size_t *)ctx;

	only_due = only_due && each[i].set && each[i].at <= now;
	in_order = in_order && each[i].at >= last_fired;
	last_fired = each[i].at;
	each[i].set = false;
	each[i].fired++;
}

static int64_t model_next(void)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < TIMERS; i++) {
		if (each[i].set && each[i].at < next)
			next = each[i].at;
	}
	return next;
}

static size_t model_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < TIMERS; i++)
		n += each[i].set;
	return n;
}

static void operate(void)
{
	size_t i = below(TIMERS);

	switch (below(8)) {
	case 0:
	case 1:
		timer_clear(&heap, &each[i].timer);
		each[i].set = false;
		break;
	case 2:
		now += (int64_t)below(50);
		last_fired = INT64_MIN;
		timer_fire(&heap, now);
		break;
	default:
		each[i].at = now - 5 + (int64_t)below(200);
		each[i].set = true;
		timer_set(&heap, &each[i].timer, each[i].at);
	}
}

static void against_the_model(void)
{
	static size_t numbers[TIMERS];
	bool next = true, count = true, places = true;

	for (size_t i = 0; i < TIMERS; i++) {
		numbers[i] = i;
		each[i].timer = (struct timer){.fn = fire, .ctx = &numbers[i]};
	}
	for (size_t n = 0; n < OPERATIONS; n++) {
		operate();
		next = next && timer_next(&heap) == model_next();
		count = count && heap.count == model_count();
	}
	for (size_t i = 0; i < TIMERS; i++)
		places = places && (each[i].timer.place != 0) == each[i].set;
	OK(next, "the next timer is the model's after every operation");
	OK(count, "as many are set as in the model");
	OK(places, "each timer knows whether it is set");
	OK(only_due, "only what was due and set fired");
	OK(in_order, "in the order of time");
	now = INT64_MAX;
	timer_fire(&heap, now);
	NUMBER(heap.count, 0, "at last all fired");
	NUMBER(model_count(), 0, "in the model, too");
}

/* Functions that set and clear timers themselves. */
static struct timer again, victim;
static unsigned agains, victims;

static void set_again(void *ctx)
{
	(void)ctx;
	timer_clear(&heap, &victim);
	if (++agains < 5)
		timer_set(&heap, &again, 10 + agains);
}

static void count_victim(void *ctx)
{
	(void)ctx;
	victims++;
}

static void reentrance(void)
{
	again = (struct timer){.fn = set_again};
	victim = (struct timer){.fn = count_victim};
	timer_set(&heap, &again, 10);
	timer_set(&heap, &victim, 11);
	timer_fire(&heap, 12);
	NUMBER(agains, 3, "a timer may set itself again, and fires when due");
	NUMBER(victims, 0, "a timer cleared by another does not fire");
	NUMBER(timer_next(&heap), 13, "what is not due stays");
	timer_clear(&heap, &again);
	timer_clear(&heap, &again);
	NUMBER(timer_next(&heap), INT64_MAX, "clearing twice is fine");
}

int main(void)
{
	NUMBER(timer_next(&heap), INT64_MAX, "no timer, no next");
	timer_fire(&heap, 0);
	against_the_model();
	reentrance();
	timer_release(&heap);
	OK(heap.heap == NULL && heap.count == 0, "released");
	timer_release(&heap);
	return tap_done();
}
