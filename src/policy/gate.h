/*
 * gate - lets a few fibers of one loop do what is large, and the others wait
 */
#ifndef POLICY_GATE_H
#define POLICY_GATE_H

#include <stdbool.h>
#include <stdint.h>

enum { GATE_INSIDE_MAX = 2 };

struct gate_waiting;

/* Begin with all zero. */
struct gate {
	unsigned inside;
	struct gate_waiting *first; /* who came first goes first */
};

/* Parks the fiber until then at most.  False: it was not let in. */
bool gate_enter(struct gate *g, int64_t until);

/* Only who was let in. */
void gate_leave(struct gate *g);

#endif
