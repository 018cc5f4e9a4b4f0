#include "line/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"
#include "util/log.h"

enum {
	ACCEPT_AT_ONCE = 16, /* before the loop has its turn */
	RETRY_MILLIS = 200,  /* when nobody can be accepted at the moment */
};

struct line_server {
	struct line_parts parts;
	struct watch *watch; /* NULL: as many as may be, or stopping */
	struct timer retry;
	struct line *lines;
	unsigned count;
	bool stopped;
};

struct line {
	struct line *next, **link;
	struct line_server *server;
	struct watch *watch;
	struct fiber *fiber;
	int fd;
	size_t start, used; /* what has arrived and was not read yet */
	char *buffer;
};

static bool listen_on(struct line_server *s, struct err *e);

/* Go on accepting, if it may be. */
static void resume(void *ctx)
{
	struct line_server *s = ctx;
	struct err e = {0};

	if (s->stopped || s->watch != NULL ||
	    s->count == s->parts.connections || listen_on(s, &e))
		return;
	loop_set_timer(s->parts.loop, &s->retry, clock_now() + RETRY_MILLIS);
}

static void end(struct line *l)
{
	struct line_server *s = l->server;

	loop_unwatch(s->parts.loop, &l->watch);
	file_close(&l->fd);
	*l->link = l->next;
	if (l->next != NULL)
		l->next->link = l->link;
	free(l->buffer);
	free(l);
	s->count--;
	resume(s);
}

static void serve(void *ctx)
{
	struct line *l = ctx;

	l->fiber = fiber_self();
	l->server->parts.serve(l->server->parts.ctx, l);
	end(l);
}

static void on_ready(void *ctx, unsigned ready)
{
	const struct line *l = ctx;

	(void)ready;
	if (l->fiber != NULL)
		fiber_wake(l->fiber);
}

static void enter(struct line_server *s, int fd)
{
	struct line *l = alloc_zeroed(sizeof(*l));
	struct err e = {0};

	*l = (struct line){.server = s, .fd = fd, .link = &s->lines};
	l->buffer = alloc_zeroed(s->parts.longest + 2);
	l->next = s->lines;
	if (l->next != NULL)
		l->next->link = &l->next;
	s->lines = l;
	s->count++;
	l->watch =
		loop_watch(s->parts.loop, fd,
			   LOOP_READ | LOOP_WRITE | LOOP_EDGE, on_ready, l, &e);
	if (l->watch == NULL || !fiber_start(s->parts.loop, serve, l)) {
		log_event(LOG_WARNING, "line-refused", "reason",
			  e.kind != ERR_NONE ? e.text : "no fiber is left",
			  NULL);
		end(l);
	}
}

static void on_connection(void *ctx, unsigned ready)
{
	struct line_server *s = ctx;

	(void)ready;
	for (int i = 0; i < ACCEPT_AT_ONCE && s->count < s->parts.connections;
	     i++) {
		int fd = accept4(s->parts.listener, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			enter(s, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			/* It stays ready: looking again at once would spin. */
			loop_unwatch(s->parts.loop, &s->watch);
			loop_set_timer(s->parts.loop, &s->retry,
				       clock_now() + RETRY_MILLIS);
		}
		return;
	}
	if (s->count == s->parts.connections)
		loop_unwatch(s->parts.loop, &s->watch);
}

static bool listen_on(struct line_server *s, struct err *e)
{
	s->watch = loop_watch(s->parts.loop, s->parts.listener, LOOP_READ,
			      on_connection, s, e);
	return s->watch != NULL;
}

struct line_server *line_server_open(const struct line_parts *p, struct err *e)
{
	struct line_server *s = alloc_zeroed(sizeof(*s));

	s->parts = *p;
	s->retry = (struct timer){.fn = resume, .ctx = s};
	if (!listen_on(s, e))
		line_server_free(&s);
	return s;
}

void line_server_stop(struct line_server *s)
{
	s->stopped = true;
	loop_unwatch(s->parts.loop, &s->watch);
	loop_clear_timer(s->parts.loop, &s->retry);
	for (struct line *l = s->lines; l != NULL; l = l->next)
		fiber_wake(l->fiber);
}

bool line_server_is_idle(const struct line_server *s)
{
	return s->lines == NULL;
}

void line_server_free(struct line_server **server)
{
	struct line_server *s = *server;

	*server = NULL;
	if (s == NULL)
		return;
	loop_unwatch(s->parts.loop, &s->watch);
	loop_clear_timer(s->parts.loop, &s->retry);
	file_close(&s->parts.listener);
	free(s);
}

/* A line that has arrived whole, or NULL. */
static char *take(struct line *l)
{
	char *from = l->buffer + l->start;
	size_t size = l->used - l->start;
	char *stop = memchr(from, '\n', size);

	if (stop == NULL)
		return NULL;
	l->start += (size_t)(stop - from) + 1;
	if (stop > from && stop[-1] == '\r')
		stop--;
	*stop = '\0';
	return from;
}

/* Room for the rest of a line; false if it is too long. */
static bool make_room(struct line *l)
{
	memmove(l->buffer, l->buffer + l->start, l->used - l->start);
	l->used -= l->start;
	l->start = 0;
	return l->used < l->server->parts.longest + 2;
}

/* Wait for more of it. */
static bool receive(struct line *l, int64_t until)
{
	size_t room = l->server->parts.longest + 2 - l->used;

	for (;;) {
		ssize_t n = recv(l->fd, l->buffer + l->used, room, 0);

		if (n > 0) {
			l->used += (size_t)n;
			return true;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || errno != EAGAIN || l->server->stopped ||
		    (!fiber_park(until) && clock_now() >= until))
			return false;
	}
}

bool line_read(struct line *l, char **ret)
{
	int64_t until = clock_now() + l->server->parts.patience;
	size_t before;

	while (!l->server->stopped && (*ret = take(l)) == NULL) {
		if (!make_room(l))
			return false;
		before = l->used;
		if (!receive(l, until) ||
		    memchr(l->buffer + before, '\0', l->used - before) != NULL)
			return false;
	}
	return !l->server->stopped;
}

bool line_write(struct line *l, const char *text, size_t size)
{
	int64_t until = clock_now() + l->server->parts.patience;

	log_release();
	while (size > 0) {
		ssize_t n = send(l->fd, text, size, MSG_NOSIGNAL);

		if (n > 0) {
			text += n;
			size -= (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || l->server->stopped ||
		    (!fiber_park(until) && clock_now() >= until))
			return false;
	}
	return true;
}
