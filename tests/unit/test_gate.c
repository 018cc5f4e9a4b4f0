#include "policy/gate.h"

#include "loop/fiber.h"
#include "tests/lib/tap.h"
#include "util/clock.h"

enum { MANY = 6, PATIENCE = 5000 };

static struct loop *loop;
static struct gate gate;
static unsigned inside, most, done, refused;
static int order[MANY];
static bool enough;

static void work(void *ctx)
{
	const int *number = ctx;

	if (!gate_enter(&gate, clock_now() + PATIENCE)) {
		refused++;
		return;
	}
	most = ++inside > most ? inside : most;
	order[done++] = *number;
	while (!enough)
		fiber_sleep(1);
	inside--;
	gate_leave(&gate);
}

static void all(void *ctx)
{
	static const int numbers[MANY] = {0, 1, 2, 3, 4, 5};

	(void)ctx;
	for (size_t i = 0; i < MANY; i++)
		fiber_start(loop, work, (void *)(uintptr_t)&numbers[i]);
	while (inside < GATE_INSIDE_MAX)
		fiber_sleep(1);
	OK(!gate_enter(&gate, clock_now() + 1), "nobody waits for ever");
	OK(gate.first != NULL, "the others still do");
	enough = true;
	while (done + refused < MANY || inside > 0)
		fiber_sleep(1);
	NUMBER(refused, 0, "all get in");
	NUMBER(most, GATE_INSIDE_MAX, "so many at a time");
	for (int i = 0; i < MANY; i++)
		NUMBER(order[i], i, "in their order");
	OK(gate.inside == 0 && gate.first == NULL, "it is empty again");
	loop_stop(loop);
}

int main(void)
{
	struct err e = {0};

	loop = loop_open(&e);
	fiber_prepare(loop, MANY + 1);
	fiber_start(loop, all, NULL);
	loop_run(loop);
	fiber_cleanup(loop);
	loop_close(&loop);
	return tap_done();
}
