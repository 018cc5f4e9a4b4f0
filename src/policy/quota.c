#include "policy/quota.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/fiber.h"
#include "policy/place.h"
#include "policy/stream.h"
#include "util/alloc.h"
#include "util/clock.h"

enum {
	IDLE_MILLIS = 10000, /* until a connection that is not used is closed */
	DIAL_PAUSE = 5, /* milliseconds, where too many knock at a socket */
	PLACE_MAX = 200,
};

struct kept {
	struct stream *stream;
	int64_t since;
};

struct waiter {
	struct waiter *next;
	struct fiber *fiber;
};

struct quota {
	struct loop *loop;
	char place[PLACE_MAX]; /* where those that are kept lead */
	struct kept kept[QUOTA_CONNECTIONS_MAX];
	size_t count;
	int64_t busy;
	struct waiter *first, **last;
	struct timer sweep;
};

static void drop(struct quota *q, size_t i)
{
	stream_close(&q->kept[i].stream);
	q->kept[i] = q->kept[--q->count];
}

static void sweep(void *ctx)
{
	struct quota *q = ctx;
	int64_t now = clock_now();

	for (size_t i = q->count; i-- > 0;) {
		if (now - q->kept[i].since >= IDLE_MILLIS)
			drop(q, i);
	}
	if (q->count > 0)
		loop_set_timer(q->loop, &q->sweep, now + IDLE_MILLIS);
}

struct quota *quota_open(struct loop *l)
{
	struct quota *q = alloc_zeroed(sizeof(*q));

	q->loop = l;
	q->last = &q->first;
	q->sweep = (struct timer){.fn = sweep, .ctx = q};
	return q;
}

void quota_close(struct quota **quota)
{
	struct quota *q = *quota;

	*quota = NULL;
	if (q == NULL)
		return;
	while (q->count > 0)
		drop(q, 0);
	loop_clear_timer(q->loop, &q->sweep);
	free(q);
}

static void leave(struct quota *q, struct waiter *w)
{
	struct waiter **at = &q->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (q->last == &w->next)
		q->last = at;
}

/* Those who wait are served in the order in which they came. */
static bool enter(struct quota *q, int64_t limit, const int64_t *until,
		  struct err *e)
{
	struct waiter w = {.fiber = fiber_self()};

	*q->last = &w;
	q->last = &w.next;
	while ((q->first != &w || q->busy >= limit) && clock_now() < *until)
		fiber_park(*until);
	bool turn = q->first == &w && q->busy < limit;
	leave(q, &w);
	if (turn)
		q->busy++;
	if (q->first != NULL)
		fiber_wake(q->first->fiber);
	return turn || err_set(e, ERR_TIMEOUT,
			       "too many mailboxes are being asked for");
}

static void go(struct quota *q)
{
	q->busy--;
	if (q->first != NULL)
		fiber_wake(q->first->fiber);
}

static struct stream *take_kept(struct quota *q, const char *place)
{
	struct stream *s = NULL;

	if (strcmp(q->place, place) != 0) {
		while (q->count > 0)
			drop(q, 0);
	}
	while (s == NULL && q->count > 0) {
		s = q->kept[--q->count].stream;
		if (!stream_is_quiet(s))
			stream_close(&s);
	}
	return s;
}

static void keep(struct quota *q, const char *place, struct stream *s)
{
	if (q->count == 0)
		snprintf(q->place, sizeof(q->place), "%s", place);
	if (q->count == QUOTA_CONNECTIONS_MAX || strcmp(q->place, place) != 0) {
		stream_close(&s);
		return;
	}
	q->kept[q->count++] = (struct kept){s, clock_now()};
	if (q->sweep.place == 0)
		loop_set_timer(q->loop, &q->sweep, clock_now() + IDLE_MILLIS);
}

static struct stream *dial(struct quota *q, struct arena *a, const char *place,
			   const int64_t *until, struct err *e)
{
	struct place p;
	int fd;

	if (!place_parse(a, place, &p, e))
		return NULL;
	while ((fd = place_dial(&p)) < 0 && errno == EAGAIN &&
	       clock_now() < *until)
		fiber_sleep(DIAL_PAUSE);
	if (fd < 0) {
		err_set(e, ERR_UNAVAILABLE, "%s", strerror(errno));
		return NULL;
	}
	return stream_open(q->loop, fd, e);
}

static bool exchange(struct stream *s, struct arena *a, const char *request,
		     const int64_t *until, bool *full, struct err *e)
{
	const char *action, *text = "";
	size_t size = 0, whole = 0;

	if (!stream_write(s, request, until, e))
		return false;
	while (whole == 0) {
		if (!stream_fill(s, until, e))
			return false;
		text = stream_text(s, &size);
		if (!request_size(text, size, &whole, e))
			return false;
	}
	if (whole != size || !reply_read(a, text, whole, &action, e))
		return err_set(e, ERR_UNAVAILABLE,
			       "what it answers is no action");
	stream_take(s, whole);
	*full = reply_is_full(action);
	return true;
}

static bool ask(struct quota *q, struct arena *a, const char *place,
		const char *request, const int64_t *until, bool *full,
		struct err *e)
{
	/* One that was kept may just be about to be closed. */
	for (struct stream *s = take_kept(q, place); s != NULL;
	     s = take_kept(q, place)) {
		if (exchange(s, a, request, until, full, e)) {
			keep(q, place, s);
			return true;
		}
		stream_close(&s);
		if (e->kind != ERR_UNAVAILABLE)
			return false;
		err_clear(e);
	}
	struct stream *s = dial(q, a, place, until, e);
	if (s == NULL)
		return false;
	bool good = exchange(s, a, request, until, full, e);
	if (good)
		keep(q, place, s);
	else
		stream_close(&s);
	return good;
}

bool quota_ask(struct quota *q, struct arena *a,
	       const struct quota_server *where,
	       const struct policy_request *what, const int64_t *until,
	       bool *full, struct err *e)
{
	if (!enter(q, where->connections, until, e))
		return err_wrap(e, "quota-status at %s", where->place);
	bool good =
		ask(q, a, where->place, request_write(a, what), until, full, e);
	go(q);
	return good || err_wrap(e, "quota-status at %s", where->place);
}
