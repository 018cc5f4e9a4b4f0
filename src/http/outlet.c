#include "http/outlet.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"

enum { BLOCK_BYTES = 8 * 1024 };

struct outlet {
	struct outlet_parts parts;
	struct fiber *writer;
	struct watch *watch;
	struct timer stall; /* set while the client has something to read */
	char *bytes;
	size_t used;
	bool suspended; /* libmicrohttpd waits for bytes */
	bool crowded;   /* the writer waits for room */
	bool left;      /* it has no part in it any more */
	bool shut;      /* nothing more is wanted */
	bool ended;     /* nothing more comes */
};

static void expect_progress(struct outlet *o)
{
	loop_set_timer(o->parts.loop, &o->stall, clock_now() + OUTLET_STALL);
}

/* Let libmicrohttpd ask again. */
static void stir(struct outlet *o)
{
	if (o->left || !o->suspended)
		return;
	o->suspended = false;
	*o->parts.due = true;
	MHD_resume_connection(o->parts.connection);
	expect_progress(o);
}

void outlet_shut(struct outlet *o)
{
	if (!o->shut && !o->ended)
		fiber_wake(o->writer);
	o->shut = true;
	stir(o);
}

/* Who does not read, or is gone: what he has not read is lost. */
static void give_up(void *ctx)
{
	struct outlet *o = ctx;

	o->used = 0;
	o->parts.cut_off(o->parts.ctx);
	*o->parts.due = true;
	outlet_shut(o);
}

/* libmicrohttpd does not look at a connection that waits for bytes of ours. */
static void on_ready(void *ctx, unsigned ready)
{
	struct outlet *o = ctx;
	char one;
	ssize_t n = recv(o->parts.fd, &one, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n == 0 || (ready & LOOP_BROKEN) != 0 ||
	    (n < 0 && errno != EAGAIN && errno != EINTR))
		give_up(o);
}

struct outlet *outlet_open(const struct outlet_parts *parts)
{
	struct outlet *o = alloc_zeroed(sizeof(*o));
	const unsigned millis = OUTLET_STALL;
	struct err e = {0};

	o->parts = *parts;
	o->writer = fiber_self();
	o->stall = (struct timer){.fn = give_up, .ctx = o};
	o->bytes = alloc_plain(OUTLET_BYTES);
	/* Also when the machine at the other end is gone, and nothing says so.
	 * Where the kernel does not know it the timer has to do. */
	setsockopt(parts->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &millis,
		   sizeof(millis));
	/* Without it the next heartbeat finds out. */
	o->watch = loop_watch(parts->loop, parts->fd, LOOP_READ | LOOP_EDGE,
			      on_ready, o, &e);
	return o;
}

/* libmicrohttpd wants more of the body. */
static ssize_t give(void *cls, uint64_t at, char *to, size_t room)
{
	struct outlet *o = cls;
	size_t n = o->used < room ? o->used : room;

	(void)at;
	if (n > 0) {
		memcpy(to, o->bytes, n);
		o->used -= n;
		memmove(o->bytes, o->bytes + n, o->used);
		expect_progress(o);
		if (o->crowded)
			fiber_wake(o->writer);
		return (ssize_t)n;
	}
	loop_clear_timer(o->parts.loop, &o->stall);
	if (o->ended || o->shut)
		return MHD_CONTENT_READER_END_OF_STREAM;
	o->suspended = true;
	MHD_suspend_connection(o->parts.connection);
	return 0;
}

struct MHD_Response *outlet_response(struct outlet *o)
{
	expect_progress(o);
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES,
						 give, o, NULL);
}

bool outlet_is_open(const struct outlet *o)
{
	return !o->shut;
}

void outlet_wait(struct outlet *o, int64_t until)
{
	if (!o->shut)
		fiber_park(until);
}

/* Somebody who reads does so within OUTLET_STALL, or is cut off. */
static bool make_room(struct outlet *o, size_t size)
{
	while (!o->shut && OUTLET_BYTES - o->used < size) {
		stir(o);
		o->crowded = true;
		fiber_park(clock_now() + OUTLET_STALL);
	}
	o->crowded = false;
	return !o->shut;
}

bool outlet_write(struct outlet *o, const char *text, size_t size)
{
	while (size > 0) {
		size_t n = size < OUTLET_BYTES ? size : OUTLET_BYTES;

		if (!make_room(o, n))
			return false;
		memcpy(o->bytes + o->used, text, n);
		o->used += n;
		text += n;
		size -= n;
	}
	stir(o);
	return !o->shut;
}

void outlet_leave(struct outlet *o)
{
	o->left = true;
	loop_clear_timer(o->parts.loop, &o->stall);
	loop_unwatch(o->parts.loop, &o->watch);
	outlet_shut(o);
}

bool outlet_end(struct outlet *o)
{
	o->ended = true;
	stir(o);
	return o->left;
}

bool outlet_has_ended(const struct outlet *o)
{
	return o->ended;
}

void outlet_free(struct outlet **outlet)
{
	struct outlet *o = *outlet;

	*outlet = NULL;
	if (o == NULL)
		return;
	loop_clear_timer(o->parts.loop, &o->stall);
	loop_unwatch(o->parts.loop, &o->watch);
	free(o->bytes);
	free(o);
}
