#include "policy/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/file.h"

struct stream {
	struct loop *loop;
	struct watch *watch;
	struct fiber *fiber; /* that waits */
	unsigned long waits;
	int fd;
	size_t used;
	char text[REQUEST_MAX];
};

static void on_ready(void *ctx, unsigned ready)
{
	(void)ready;
	stream_wake(ctx);
}

struct stream *stream_open(struct loop *l, int fd, struct err *e)
{
	struct stream *s = alloc_zeroed(sizeof(*s));

	s->loop = l;
	s->fd = fd;
	s->watch = loop_watch(l, fd, LOOP_READ | LOOP_WRITE | LOOP_EDGE,
			      on_ready, s, e);
	if (s->watch == NULL)
		stream_close(&s);
	return s;
}

void stream_close(struct stream **stream)
{
	struct stream *s = *stream;

	*stream = NULL;
	if (s == NULL)
		return;
	loop_unwatch(s->loop, &s->watch);
	file_close(&s->fd);
	free(s);
}

const char *stream_text(const struct stream *s, size_t *size)
{
	*size = s->used;
	return s->text;
}

void stream_take(struct stream *s, size_t size)
{
	s->used -= size;
	memmove(s->text, s->text + size, s->used);
}

void stream_wake(struct stream *s)
{
	if (s->fiber != NULL)
		fiber_wake(s->fiber);
}

static bool await(struct stream *s, const int64_t *until, struct err *e)
{
	if (clock_now() < *until) {
		s->waits++;
		s->fiber = fiber_self();
		fiber_park(*until);
		s->fiber = NULL;
	}
	return clock_now() < *until ||
	       err_set(e, ERR_TIMEOUT, "the other side is slow");
}

static bool is_broken(struct err *e)
{
	return errno != EAGAIN && errno != EINTR &&
	       !err_set(e, ERR_UNAVAILABLE, "%s", strerror(errno));
}

bool stream_fill(struct stream *s, const int64_t *until, struct err *e)
{
	size_t room = sizeof(s->text) - s->used;

	if (room == 0)
		return err_set(e, ERR_TOO_LARGE, "more than %d bytes at once",
			       REQUEST_MAX);
	for (;;) {
		ssize_t n = recv(s->fd, s->text + s->used, room, 0);

		if (n > 0) {
			s->used += (size_t)n;
			return true;
		}
		if (n == 0)
			return err_set(e, ERR_UNAVAILABLE,
				       "the other side has closed");
		if (is_broken(e) || !await(s, until, e))
			return false;
	}
}

bool stream_write(struct stream *s, const char *text, const int64_t *until,
		  struct err *e)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = send(s->fd, text, left, MSG_NOSIGNAL);

		if (n > 0) {
			text += n;
			left -= (size_t)n;
		} else if (is_broken(e) || !await(s, until, e)) {
			return false;
		}
	}
	return true;
}

bool stream_is_quiet(const struct stream *s)
{
	char byte;

	return s->used == 0 &&
	       recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

unsigned long stream_waits(const struct stream *s)
{
	return s->waits;
}
