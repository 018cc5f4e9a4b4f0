#include "loop/fiber.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "loop/sanitizer.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/meter.h"

enum {
	STACK_SIZE = 128 * 1024 * SANITIZER_STACK_FACTOR,
	IDLE_KEPT = 64,      /* finished ones, however long nobody needs them */
	IDLE_PATIENCE = 1000 /* milliseconds that others are kept for nothing */
};

struct fibers {
	struct loop *loop;
	struct fiber *ready, **last_ready;
	struct fiber *idle; /* finished ones, whose stacks are used again */
	unsigned idle_count;
	unsigned idle_least; /* since the last look */
	struct timer look;   /* whether there are too many */
	bool looking;
	unsigned alive, limit;
	ucontext_t home; /* the loop's own stack */
	void *home_tsan, *home_fake;
	const void *home_low;
	size_t home_size;
};

struct fiber {
	struct fiber *next; /* ready or idle */
	struct fibers *all;
	ucontext_t context;
	char *stack;
	void *tsan, *fake;
	struct timer timer;
	bool parked, woken, queued;
	loop_fn *fn;
	void *ctx;
};

static _Thread_local struct fiber *current;

static void die(const char *why)
{
	fprintf(stderr, "fiber: %s\n", why);
	abort();
}

static void switch_to(struct fiber *f)
{
	struct fibers *all = f->all;

	current = f;
	__sanitizer_start_switch_fiber(&all->home_fake, f->stack, STACK_SIZE);
	__tsan_switch_to_fiber(f->tsan, 0);
	if (swapcontext(&all->home, &f->context) != 0)
		die("cannot switch");
	__sanitizer_finish_switch_fiber(all->home_fake, NULL, NULL);
	current = NULL;
}

static void switch_home(struct fiber *f)
{
	struct fibers *all = f->all;

	__sanitizer_start_switch_fiber(&f->fake, all->home_low, all->home_size);
	__tsan_switch_to_fiber(all->home_tsan, 0);
	if (swapcontext(&f->context, &all->home) != 0)
		die("cannot switch");
	__sanitizer_finish_switch_fiber(f->fake, &all->home_low,
					&all->home_size);
}

static void enqueue(struct fiber *f)
{
	struct fibers *all = f->all;

	if (f->queued)
		return;
	f->queued = true;
	f->next = NULL;
	*all->last_ready = f;
	all->last_ready = &f->next;
}

/* One round: what becomes ready meanwhile is for the next turn, so that fibers
 * that keep waking each other cannot starve the loop. */
static void run_ready(void *ctx)
{
	struct fibers *all = ctx;
	struct fiber *f = all->ready;

	all->ready = NULL;
	all->last_ready = &all->ready;
	log_hold();
	while (f != NULL) {
		struct fiber *next = f->next;

		f->queued = false;
		switch_to(f);
		f = next;
	}
	/* The loop sends replies after this. */
	log_release();
}

static bool more_ready(void *ctx)
{
	const struct fibers *all = ctx;

	return all->ready != NULL;
}

static void release(struct fiber *f)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);

	__tsan_destroy_fiber(f->tsan);
	munmap(f->stack - guard, guard + STACK_SIZE);
	free(f);
}

static struct fiber *take_idle(struct fibers *all)
{
	struct fiber *f = all->idle;

	if (f == NULL)
		return NULL;
	all->idle = f->next;
	all->idle_count--;
	if (all->idle_count < all->idle_least)
		all->idle_least = all->idle_count;
	return f;
}

static void put_idle(struct fiber *f)
{
	struct fibers *all = f->all;

	f->next = all->idle;
	all->idle = f;
	if (++all->idle_count > IDLE_KEPT && !all->looking) {
		all->looking = true;
		all->idle_least = all->idle_count;
		loop_set_timer(all->loop, &all->look,
			       clock_now() + IDLE_PATIENCE);
	}
}

/* A burst is over when many were not needed for a while: its stacks go back,
 * and what its requests had in the heap, too. */
static void look(void *ctx)
{
	struct fibers *all = ctx;
	unsigned spare = all->idle_least;

	for (unsigned i = IDLE_KEPT; i < spare; i++)
		release(take_idle(all));
	if (spare > IDLE_KEPT)
		malloc_trim(0);
	all->idle_least = all->idle_count;
	all->looking = all->idle_count > IDLE_KEPT;
	if (all->looking)
		loop_set_timer(all->loop, &all->look,
			       clock_now() + IDLE_PATIENCE);
}

void fiber_prepare(struct loop *l, unsigned limit)
{
	struct fibers *all = alloc_zeroed(sizeof(*all));

	all->loop = l;
	all->limit = limit;
	all->last_ready = &all->ready;
	all->look = (struct timer){.fn = look, .ctx = all};
	loop_set_ready(l, run_ready, more_ready, all);
}

/* A stack is used again and again: this never returns. */
static void run(void)
{
	struct fiber *f = current;
	struct fibers *all = f->all;

	__sanitizer_finish_switch_fiber(NULL, &all->home_low, &all->home_size);
	for (;;) {
		f->fn(f->ctx);
		put_idle(f);
		all->alive--;
		meter_add(METER_FIBERS, 0, 0, -1);
		switch_home(f);
	}
}

static void late(void *ctx)
{
	struct fiber *f = ctx;

	if (f->parked)
		enqueue(f);
}

static struct fiber *make(struct fibers *all)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	struct fiber *f = alloc_zeroed(sizeof(*f));
	char *low = mmap(NULL, guard + STACK_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (low == MAP_FAILED || mprotect(low, guard, PROT_NONE) != 0 ||
	    getcontext(&f->context))
		die("out of memory for a stack");
	f->all = all;
	f->stack = low + guard;
	f->timer = (struct timer){.fn = late, .ctx = f};
	f->tsan = __tsan_create_fiber(0);
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = STACK_SIZE;
	makecontext(&f->context, run, 0);
	return f;
}

bool fiber_start(struct loop *l, loop_fn *fn, void *ctx)
{
	struct fibers *all = loop_ready_context(l);

	if (all->alive >= all->limit)
		return false;
	struct fiber *f = take_idle(all);
	if (f == NULL)
		f = make(all);
	all->alive++;
	meter_add(METER_FIBERS, 0, 0, 1);
	all->home_tsan = __tsan_get_current_fiber();
	f->fn = fn;
	f->ctx = ctx;
	f->parked = f->woken = false;
	if (current == NULL)
		switch_to(f);
	else
		enqueue(f);
	return true;
}

struct fiber *fiber_self(void)
{
	return current;
}

struct loop *fiber_loop(void)
{
	return current->all->loop;
}

bool fiber_park(int64_t deadline)
{
	struct fiber *f = current;
	struct loop *l = f->all->loop;

	if (!f->woken && deadline > clock_now()) {
		loop_set_timer(l, &f->timer, deadline);
		f->parked = true;
		switch_home(f);
		f->parked = false;
		loop_clear_timer(l, &f->timer);
	}
	bool woken = f->woken;
	f->woken = false;
	return woken;
}

void fiber_wake(struct fiber *f)
{
	f->woken = true;
	if (f->parked)
		enqueue(f);
}

void fiber_sleep(int64_t ms)
{
	int64_t deadline = clock_now() + ms;

	while (clock_now() < deadline)
		fiber_park(deadline);
}

unsigned fiber_count(struct loop *l)
{
	const struct fibers *all = loop_ready_context(l);

	return all->alive;
}

void fiber_cleanup(struct loop *l)
{
	struct fibers *all = loop_ready_context(l);

	loop_clear_timer(l, &all->look);
	while (all->idle != NULL)
		release(take_idle(all));
	loop_set_ready(l, NULL, NULL, NULL);
	free(all);
}
