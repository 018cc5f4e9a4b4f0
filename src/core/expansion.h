/*
 * expansion - what Postfix makes of a web of addresses
 *
 * Its cleanup(8) expands an address step by step, and puts the message off
 * when there are too many steps in a row, or too many addresses.
 */
#ifndef CORE_EXPANSION_H
#define CORE_EXPANSION_H

#include "core/resolve.h"

struct expansion {
	const char *refused; /* a word for programs; NULL: it succeeds */
	const char *detail;
};

/* Expand what begins at a hop; call it once for a web. */
struct expansion expansion_of(struct arena *a, struct hop *root);

/* Set `back` of every hop below this one that leads back to one on the way to
 * it. */
void expansion_walk(struct arena *a, struct hop *root);

#endif
