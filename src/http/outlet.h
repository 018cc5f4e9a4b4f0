/*
 * outlet - a reply whose body is made over time
 *
 * A handler that does not have its whole body yet, or has more than memory
 * should hold, sets `stream` and `stream_ctx` of its response instead of
 * `body`.  The head of the reply is sent, and the function is called on the
 * request's fiber, with the request's arena still there: it writes what it has
 * when it has it, and the reply ends when it returns.  It returns soon when the
 * outlet is no longer open.
 *
 * - Back-pressure: OUTLET_BYTES are kept for a client; who writes more waits
 *   until it has read some.
 * - A client that reads nothing for OUTLET_STALL while there is something for
 *   it is cut off, whatever the kernel buffers; so is one that is gone.  No
 *   other deadline holds: neither a request's nor that for silence.  Who has
 *   nothing to say for long says something to find out whether anybody is
 *   there; see OUTLET_BEAT.
 * - It is closed when the server stops or is told to let go of its streams.
 * - How many there may be is counted elsewhere: http/streams.h.
 *
 * A list that is streamed is such a function, too: it writes its records as
 * they come from the directory and never holds more than a page of them.
 *
 * All functions belong to the loop's thread.
 */
#ifndef HTTP_OUTLET_H
#define HTTP_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

enum {
	OUTLET_BYTES = 32 * 1024,
	OUTLET_STALL = 20000, /* milliseconds */
	OUTLET_BEAT = 15000,  /* the same: no longer than that in silence */
};

struct outlet;

/* Wait until there is room for all of it, or it is no longer open: then
 * false.  What fits into OUTLET_BYTES is sent as a whole or not at all. */
bool outlet_write(struct outlet *o, const char *text, size_t size);

/* Whether anybody is still there, and may stay. */
bool outlet_is_open(const struct outlet *o);

/* Wait until that moment, by clock_now(), or until fiber_wake(), or until it
 * closes, whichever is first. */
void outlet_wait(struct outlet *o, int64_t until);

/* What follows is for http/server. */

struct MHD_Connection;
struct MHD_Response;

struct outlet_parts {
	struct loop *loop;
	struct MHD_Connection *connection;
	int fd;
	bool *due;        /* set where libmicrohttpd has something to do */
	loop_fn *cut_off; /* the client, with what it has not read */
	void *ctx;
};

/* On the fiber that will write; before the reply is queued. */
struct outlet *outlet_open(const struct outlet_parts *parts);

/* The reply, of which the head is still to be filled; NULL: there is no
 * memory. */
struct MHD_Response *outlet_response(struct outlet *o);

/* Nothing more is wanted: what was written is sent, then the reply ends. */
void outlet_shut(struct outlet *o);

/* The reply has ended, however: libmicrohttpd has no part in it any more. */
void outlet_leave(struct outlet *o);

/* Nothing more is written.  Whoever comes last, this or outlet_leave(), is told
 * so by true and frees it. */
bool outlet_end(struct outlet *o);
bool outlet_has_ended(const struct outlet *o);
void outlet_free(struct outlet **o);

#endif
