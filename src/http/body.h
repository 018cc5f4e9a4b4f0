/*
 * body - what a request brings, kept as it arrives
 *
 * Room grows with what is there, not with what was announced: whoever announces
 * much and sends little must not use up what a loop has for all bodies.  Nor
 * must who sends much: a source never has more than it leaves to others, so
 * that one has at most a half, each of three a quarter, and who comes next
 * finds room.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>

enum {
	BODIES_MOST = 64 << 20, /* bytes of room for all bodies of a loop */

	/* A body up to here finds room however much the others have: large
	 * bodies, which anybody may send, keep no one from small requests.  So
	 * the bodies of a loop take no more than BODIES_MOST, and this for each
	 * of its connections: by default 156 MiB for all 10,000 together. */
	BODY_SMALL = 16 * 1024,

	BODY_SHARES = 4096, /* counters for sources */
};

/* The room of all bodies of a loop.  Sources share counters only by chance. */
struct bodies {
	size_t taken;
	size_t shares[BODY_SHARES]; /* of that, by source */
};

/* All zero: nothing has arrived. */
struct body {
	char *data; /* NUL behind it does not count */
	size_t size, room;
	unsigned share; /* whose */
};

/* Whose it is, before anything arrives. */
void body_begin(struct body *b, const char *source);

/* Append to it; `most` is how long it may become at all.  False, and nothing
 * changed, if there is no room. */
bool body_add(struct body *b, size_t most, struct bodies *all, const char *data,
	      size_t size);

/* Wipe it, and give its room back. */
void body_drop(struct body *b, struct bodies *all);

#endif
