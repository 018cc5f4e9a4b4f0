#include "dns/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "loop/fiber.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/random.h"

enum {
	PORT_LEAST = 1024,
	PORTS = 65536 - PORT_LEAST,
	PORT_TRIES = 8,
	SLICE = 200, /* milliseconds between looks whether to stop */
	LENGTH = 2,  /* bytes before a packet, over TCP */
	BYTE = 8,
};

static bool broken(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "the resolver: %s", strerror(errno));
}

/* Any address, and a port that nobody can foresee. */
static void bind_anywhere(int fd, sa_family_t family)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		struct sockaddr_in6 six = {.sin6_family = AF_INET6};
		struct sockaddr_in four = {.sin_family = AF_INET};
		uint32_t r;

		random_bytes(&r, sizeof(r));
		four.sin_port = six.sin6_port =
			htons((uint16_t)(PORT_LEAST + r % PORTS));
		if (family == AF_INET ? bind(fd, (struct sockaddr *)&four,
					     sizeof(four)) == 0
				      : bind(fd, (struct sockaddr *)&six,
					     sizeof(six)) == 0)
			return;
	}
	/* The kernel chooses one, at random, too. */
}

static void on_ready(void *ctx, unsigned ready)
{
	struct wire *w = ctx;

	(void)ready;
	if (w->fiber != NULL)
		fiber_wake(w->fiber);
}

static bool await(struct wire *w, struct err *e)
{
	int64_t now = clock_now();

	if (*w->stop)
		return err_set(e, ERR_UNAVAILABLE, "the gateway is stopping");
	if (now >= w->until)
		return err_set(e, ERR_TIMEOUT, "the resolver does not answer");
	w->fiber = fiber_self();
	fiber_park(now + SLICE < w->until ? now + SLICE : w->until);
	w->fiber = NULL;
	return true;
}

bool wire_open(struct wire *w, const struct dns_server *s, bool stream,
	       struct err *e)
{
	int type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK |
		   SOCK_CLOEXEC;

	w->watch = NULL;
	w->fiber = NULL;
	w->fd = socket(s->address.ss_family, type, 0);
	if (w->fd < 0)
		return broken(e);
	if (!stream)
		bind_anywhere(w->fd, s->address.ss_family);
	if (connect(w->fd, (const struct sockaddr *)&s->address, s->size) < 0 &&
	    errno != EINPROGRESS)
		return broken(e);
	w->watch =
		loop_watch(w->loop, w->fd, LOOP_READ | LOOP_WRITE | LOOP_EDGE,
			   on_ready, w, e);
	return w->watch != NULL;
}

void wire_close(struct wire *w)
{
	loop_unwatch(w->loop, &w->watch);
	file_close(&w->fd);
}

static bool is_waiting(void)
{
	return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
}

bool wire_send(struct wire *w, const struct packet *p, struct err *e)
{
	while (send(w->fd, p->bytes, p->size, MSG_NOSIGNAL) < 0) {
		if (!is_waiting())
			return broken(e);
		if (!await(w, e))
			return false;
	}
	return true;
}

/* At least one byte, or the end. */
static bool receive(struct wire *w, void *to, size_t size, size_t *got,
		    struct err *e)
{
	for (;;) {
		ssize_t n = recv(w->fd, to, size, 0);

		if (n >= 0) {
			*got = (size_t)n;
			return true;
		}
		if (!is_waiting())
			return broken(e);
		if (!await(w, e))
			return false;
	}
}

bool wire_receive(struct wire *w, struct arena *a, struct packet *ret,
		  struct err *e)
{
	unsigned char bytes[PACKET_DATAGRAM];

	if (!receive(w, bytes, sizeof(bytes), &ret->size, e))
		return false;
	ret->bytes = arena_copy(a, bytes, ret->size);
	return true;
}

bool wire_write(struct wire *w, struct arena *a, const struct packet *p,
		struct err *e)
{
	size_t left = p->size + LENGTH;
	unsigned char *bytes = arena_alloc(a, left);

	bytes[0] = (unsigned char)(p->size >> BYTE);
	bytes[1] = (unsigned char)p->size;
	memcpy(bytes + LENGTH, p->bytes, p->size);
	while (left > 0) {
		ssize_t n = send(w->fd, bytes, left, MSG_NOSIGNAL);

		if (n > 0) {
			bytes += n;
			left -= (size_t)n;
		} else if (!is_waiting()) {
			return broken(e);
		} else if (!await(w, e)) {
			return false;
		}
	}
	return true;
}

static bool read_all(struct wire *w, unsigned char *to, size_t size,
		     struct err *e)
{
	while (size > 0) {
		size_t n;

		if (!receive(w, to, size, &n, e))
			return false;
		if (n == 0)
			return err_set(
				e, ERR_UNAVAILABLE,
				"the resolver has closed the connection");
		to += n;
		size -= n;
	}
	return true;
}

bool wire_read(struct wire *w, struct arena *a, struct packet *ret,
	       struct err *e)
{
	unsigned char length[LENGTH];

	if (!read_all(w, length, sizeof(length), e))
		return false;
	ret->size = (size_t)length[0] << BYTE | length[1];
	unsigned char *bytes = arena_alloc(a, ret->size + 1);
	ret->bytes = bytes;
	return read_all(w, bytes, ret->size, e);
}
