#include "policy/gate.h"

#include <stddef.h>

#include "loop/fiber.h"
#include "util/clock.h"

struct gate_waiting {
	struct gate_waiting *next;
	struct fiber *fiber;
	bool in;
};

static void forget(struct gate *g, const struct gate_waiting *w)
{
	struct gate_waiting **at = &g->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}

bool gate_enter(struct gate *g, int64_t until)
{
	struct gate_waiting w = {.fiber = fiber_self()}, **at = &g->first;

	if (g->inside < GATE_INSIDE_MAX) {
		g->inside++;
		return true;
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = &w;
	while (!w.in && clock_now() < until)
		fiber_park(until);
	if (!w.in)
		forget(g, &w);
	return w.in;
}

/* The place goes to who waits. */
void gate_leave(struct gate *g)
{
	struct gate_waiting *w = g->first;

	if (w == NULL) {
		g->inside--;
		return;
	}
	g->first = w->next;
	w->in = true;
	fiber_wake(w->fiber);
}
