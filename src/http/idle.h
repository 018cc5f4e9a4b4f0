/*
 * idle - connections in the order in which they fell silent
 */
#ifndef HTTP_IDLE_H
#define HTTP_IDLE_H

#include <stddef.h>

/* A part of each connection; all zero: in no list. */
struct idle {
	struct idle *before, *behind;
};

/* All zero: nobody. */
struct idle_list {
	struct idle *oldest, *youngest;
	size_t count;
};

/* Must be in no list. */
void idle_enter(struct idle_list *l, struct idle *i);

/* Nothing happens to who is in no list. */
void idle_leave(struct idle_list *l, struct idle *i);

#endif
