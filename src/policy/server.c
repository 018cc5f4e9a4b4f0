#include "policy/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/fiber.h"
#include "policy/decide.h"
#include "policy/gate.h"
#include "policy/quota.h"
#include "policy/stream.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"
#include "util/log.h"

enum {
	ACCEPTED_AT_ONCE = 16, /* so that other loops get some */
	ACCEPT_PAUSE = 100,    /* milliseconds, when we have no descriptors */
	IN_A_ROW = 16, /* requests without a wait, until others have a turn */
	COMPLAINT = 1000,  /* milliseconds from one to the next in the log */
	LARGE_WAIT = 1000, /* the same, until others have followed theirs */
};

struct listener {
	struct policy_server *server;
	int fd;
	struct watch *watch;
	struct timer again;
};

struct connection {
	struct connection *next, **at;
	struct policy_server *server;
	struct stream *stream;
	int64_t until;
	bool busy; /* with a request that has begun */
};

struct policy_server {
	struct policy_parts parts;
	struct listener listeners[POLICY_PLACES_MAX];
	struct connection *first;
	struct quota *quota;
	struct gate large; /* addresses that lead to very many */
	int64_t complained;
	bool stopping, cut;
};

static void complain(struct policy_server *s, const char *event,
		     const char *why)
{
	int64_t now = clock_now();

	if (now - s->complained < COMPLAINT)
		return;
	s->complained = now;
	log_event(LOG_WARNING, event, "error", why, NULL);
}

struct asking {
	struct quota *quota;
	struct quota_server where;
	struct gate *large;
	const int64_t *until;
	bool is_large;
};

static bool may_be_large(void *ctx)
{
	struct asking *q = ctx;
	int64_t until = clock_now() + LARGE_WAIT;

	q->is_large =
		gate_enter(q->large, until < *q->until ? until : *q->until);
	return q->is_large;
}

static bool ask_quota(void *ctx, struct arena *a,
		      const struct policy_request *what, const int64_t *until,
		      bool *full, struct err *e)
{
	const struct asking *q = ctx;

	return quota_ask(q->quota, a, &q->where, what, until, full, e);
}

/* The settings may change while we wait: their texts are ours meanwhile. */
static struct policy_settings keep_settings(struct arena *a,
					    const struct policy_settings *from)
{
	struct policy_settings set = *from;
	const char **const texts[] = {&set.quota_status, &set.overquota,
				      &set.overquota_if, &set.on_failure,
				      &set.identity};

	for (size_t i = 0; i < COUNT(texts); i++) {
		if (*texts[i] != NULL)
			*texts[i] = arena_strdup(a, *texts[i]);
	}
	set.listen = set.password = NULL;
	return set;
}

static void tell(struct policy_server *s, const struct policy_request *r,
		 const struct decision *d, int64_t begun)
{
	bool dunno = strcmp(d->action, "DUNNO") == 0;
	char micros[24];

	if (d->err.kind != ERR_NONE)
		complain(s, "policy-failed", d->err.text);
	snprintf(micros, sizeof(micros), "%lld",
		 (long long)(clock_micros() - begun));
	log_event(dunno ? LOG_DEBUG : LOG_INFO, "policy", "recipient",
		  r->recipient, "sender", r->sender, "action", d->action,
		  "reason", d->reason, "micros", micros, NULL);
}

static bool answer(struct connection *c, struct arena *a, const char *text,
		   size_t size, struct err *e)
{
	struct policy_server *s = c->server;
	struct policy_settings set = keep_settings(a, s->parts.settings);
	struct asking asking = {.quota = s->quota,
				.where = {set.quota_status,
					  set.quota_connections},
				.large = &s->large,
				.until = &c->until};
	const struct decider by = {.gateway = s->parts.gateway,
				   .settings = &set,
				   .ask = set.quota_status != NULL ? ask_quota
								   : NULL,
				   .ctx = &asking,
				   .may_be_large = may_be_large,
				   .large_ctx = &asking};
	const struct caller postfix = {.login = "postfix",
				       .identity = set.identity};
	const struct task task = {.arena = a,
				  .caller = &postfix,
				  .deadline = c->until};
	int64_t begun = clock_micros();
	struct policy_request r;

	if (!request_read(a, text, size, &r, e))
		return false;
	const struct decision d = decide(&by, &task, &r);
	if (asking.is_large)
		gate_leave(&s->large);
	tell(s, &r, &d, begun);
	if (s->cut)
		return err_set(e, ERR_UNAVAILABLE, "we stop");
	return stream_write(c->stream,
			    arena_join(a, "action=", d.action, "\n\n", NULL),
			    &c->until, e);
}

/* Until the next request is there.  False without an error: the connection has
 * ended as it should. */
static bool await_request(struct connection *c, size_t *ret, struct err *e)
{
	const struct policy_settings *set = c->server->parts.settings;
	const char *text;
	size_t used;

	c->busy = false;
	c->until = clock_now() + set->idle_seconds * 1000;
	for (;;) {
		text = stream_text(c->stream, &used);
		if (used > 0 && !c->busy) {
			c->busy = true;
			c->until = clock_now() + set->request_seconds * 1000;
		}
		if (!request_size(text, used, ret, e))
			return false;
		if (*ret > 0)
			return true;
		if (c->server->stopping && !c->busy)
			return false;
		if (!stream_fill(c->stream, &c->until, e)) {
			if (!c->busy)
				err_clear(e);
			return false;
		}
	}
}

static bool serve(struct connection *c, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	size_t size, used;

	if (!await_request(c, &size, e) ||
	    !answer(c, a, stream_text(c->stream, &used), size, e))
		return false;
	stream_take(c->stream, size);
	return !c->server->stopping;
}

static void end(struct connection *c)
{
	*c->at = c->next;
	if (c->next != NULL)
		c->next->at = c->at;
	stream_close(&c->stream);
	atomic_fetch_sub(&c->server->parts.door->connections, 1);
	free(c);
}

static void converse(void *ctx)
{
	struct connection *c = ctx;
	unsigned long waits = 0;
	struct err e = {0};

	for (unsigned n = 1; serve(c, &e); n++) {
		if (n % IN_A_ROW == 0 && stream_waits(c->stream) == waits)
			fiber_sleep(1);
		if (n % IN_A_ROW == 0)
			waits = stream_waits(c->stream);
	}
	if (e.kind != ERR_NONE)
		complain(c->server, "policy-cut-off", e.text);
	end(c);
}

static void admit(struct policy_server *s, int fd)
{
	unsigned most = (unsigned)s->parts.settings->connections;
	struct connection *c = alloc_zeroed(sizeof(*c));
	struct err e = {0};

	c->server = s;
	c->stream = stream_open(s->parts.loop, fd, &e);
	c->next = s->first;
	c->at = &s->first;
	if (c->next != NULL)
		c->next->at = &c->next;
	s->first = c;
	if (atomic_fetch_add(&s->parts.door->connections, 1) < most &&
	    c->stream != NULL && fiber_start(s->parts.loop, converse, c))
		return;
	complain(s, "policy-cut-off",
		 c->stream != NULL ? "too many connections" : e.text);
	end(c);
}

static void listen_again(void *ctx);

static void on_knock(void *ctx, unsigned ready)
{
	struct listener *l = ctx;
	struct policy_server *s = l->server;

	(void)ready;
	for (unsigned i = 0; i < ACCEPTED_AT_ONCE; i++) {
		int fd = accept4(l->fd, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			admit(s, fd);
			continue;
		}
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		/* It would call us again and again. */
		complain(s, "policy-cut-off", strerror(errno));
		loop_unwatch(s->parts.loop, &l->watch);
		loop_set_timer(s->parts.loop, &l->again,
			       clock_now() + ACCEPT_PAUSE);
		return;
	}
}

static void listen_again(void *ctx)
{
	struct listener *l = ctx;
	struct err e = {0};

	l->watch = loop_watch(l->server->parts.loop, l->fd, LOOP_READ, on_knock,
			      l, &e);
	if (l->watch == NULL)
		log_event(LOG_ERR, "policy-failed", "error", e.text, NULL);
}

struct policy_server *policy_server_open(const struct policy_parts *parts)
{
	struct policy_server *s = alloc_zeroed(sizeof(*s));

	s->parts = *parts;
	s->complained = clock_now() - COMPLAINT;
	s->quota = quota_open(parts->loop);
	for (unsigned i = 0; i < parts->count; i++) {
		struct listener *l = &s->listeners[i];

		*l = (struct listener){.server = s, .fd = parts->listeners[i]};
		l->again = (struct timer){.fn = listen_again, .ctx = l};
		if (l->fd >= 0)
			listen_again(l);
	}
	return s;
}

void policy_server_quiesce(struct policy_server *s)
{
	s->stopping = true;
	for (unsigned i = 0; i < s->parts.count; i++) {
		struct listener *l = &s->listeners[i];

		loop_clear_timer(s->parts.loop, &l->again);
		loop_unwatch(s->parts.loop, &l->watch);
		file_close(&l->fd);
	}
	for (struct connection *c = s->first; c != NULL; c = c->next) {
		if (c->busy)
			continue;
		c->until = 0;
		stream_wake(c->stream);
	}
}

void policy_server_cut_off(struct policy_server *s)
{
	s->cut = true;
	for (struct connection *c = s->first; c != NULL; c = c->next) {
		c->until = 0;
		stream_wake(c->stream);
	}
}

bool policy_server_is_idle(const struct policy_server *s)
{
	return s->first == NULL;
}

void policy_server_close(struct policy_server **server)
{
	struct policy_server *s = *server;

	*server = NULL;
	if (s == NULL)
		return;
	quota_close(&s->quota);
	free(s);
}
