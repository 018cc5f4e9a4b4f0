#include "ldap/session.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ldap/cork.h"
#include "loop/fiber.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/log.h"

enum {
	BUCKETS = 256,      /* of operations by message id */
	BACKOFF_FIRST = 20, /* milliseconds between tries to connect */
	BACKOFF_LAST = 500,
	BACKOFF_TELL = 160,   /* from this pause on it is worth a line */
	BUSY_PAUSE = 5,       /* milliseconds until we try to send again */
	SILENCE = 5000,       /* milliseconds without a sign of life, while
			       * something is under way, until it is lost */
	RESULTS_A_TURN = 512, /* so that others on the loop get their turn */
	RUN_TRIES = 3,        /* of a search whose connection was lost */
	GRACE = 200,          /* milliseconds after a loss in which requests
			       * wait for the connection instead of failing */
};

/* An operation under way, on the stack of the fiber that waits for it. */
struct pending {
	struct pending *next; /* in its bucket */
	int msgid;
	struct operation *op;
	struct fiber *fiber;
	bool done, lost, begun; /* begun: an entry was handed on */
	int64_t heard;          /* when something came for it last */
};

struct connection {
	struct session *session;
	LDAP *ld; /* NULL: down */
	struct cork *cork;
	struct watch *in, *out;
	int out_fd; /* a duplicate: epoll knows each descriptor once */
	struct pending *buckets[BUCKETS];
	unsigned outstanding;
	int64_t heard; /* when it last gave a sign of life, or was idle */
	struct fiber *keeper;
	bool broken;
	bool silent; /* since heard, although it was asked */
};

struct waiter {
	struct waiter *next;
	struct fiber *fiber;
	bool called;
};

struct session {
	struct loop *loop;
	struct pool *connector;
	const struct ldap_settings *set;
	struct session_shape shape;
	struct connection *connections;
	struct waiter *first, **last;
	unsigned waiting, keepers;
	unsigned promised;  /* slots for those who were called */
	int64_t down_since; /* or since the beginning */
	bool stop;
};

bool session_is_up(const struct session *s)
{
	for (unsigned i = 0; i < s->shape.connections; i++) {
		if (s->connections[i].ld != NULL && !s->connections[i].broken)
			return true;
	}
	return false;
}

static void call_next(struct session *s)
{
	struct waiter *w = s->first;

	if (w == NULL)
		return;
	s->first = w->next;
	if (s->first == NULL)
		s->last = &s->first;
	s->waiting--;
	w->called = true;
	s->promised++;
	fiber_wake(w->fiber);
}

/* The keeper closes it; until then nothing new is sent on it. */
static void lose(struct connection *c)
{
	if (c->broken)
		return;
	c->broken = true;
	c->session->down_since = clock_now();
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct pending *p = c->buckets[i]; p != NULL;
		     p = p->next) {
			p->lost = true;
			fiber_wake(p->fiber);
		}
	}
	fiber_wake(c->keeper);
	/* Whoever waits for a slot learns that there is none to wait for. */
	while (!session_is_up(c->session) && c->session->first != NULL)
		call_next(c->session);
}

static struct pending *find(struct connection *c, int msgid)
{
	struct pending *p = c->buckets[(unsigned)msgid % BUCKETS];

	while (p != NULL && p->msgid != msgid)
		p = p->next;
	return p;
}

static void finish(struct connection *c, struct pending *p,
		   LDAPMessage *message)
{
	struct operation *op = p->op;

	/* A result that cannot be parsed leaves the outcome unknown. */
	if (ldap_parse_result(c->ld, message, &op->result, NULL, NULL, NULL,
			      &op->reply, 0) != LDAP_SUCCESS)
		op->result = LDAP_OTHER;
	p->done = true;
	fiber_wake(p->fiber);
}

static void take_message(struct connection *c, LDAPMessage *message)
{
	struct pending *p = find(c, ldap_msgid(message));

	if (ldap_msgid(message) == 0)
		lose(c); /* notice of disconnection, RFC 4511 4.4.1 */
	else if (p == NULL || p->done)
		return; /* nobody waits for it any more */
	else if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY) {
		p->begun = true;
		p->heard = clock_now();
		p->op->each(p->op->ctx, c->ld, message);
	} else if (ldap_msgtype(message) != LDAP_RES_SEARCH_REFERENCE)
		finish(c, p, message);
}

/* Read what has arrived, and send what libldap could not send before. */
static void pump(void *ctx, unsigned ready)
{
	struct connection *c = ctx;
	struct timeval now = {0};

	(void)ready;
	if (!cork_flush(c->cork))
		lose(c);
	for (int i = 0; i < RESULTS_A_TURN && !c->broken; i++) {
		LDAPMessage *message = NULL;
		int rc = ldap_result(c->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now,
				     &message);

		if (rc == 0)
			return;
		if (rc < 0) {
			lose(c);
			return;
		}
		c->heard = clock_now();
		c->silent = false;
		take_message(c, message);
		ldap_msgfree(message);
		/* What is still in the socket the loop will tell; libldap would
		 * ask with a poll(). */
		if (!cork_has_answers(c->cork))
			return;
	}
}

/* At the end of each turn of the loop: send what was asked in it, and go on
 * reading where there was too much for one turn. */
static void turn(void *ctx)
{
	struct session *s = ctx;

	for (unsigned i = 0; i < s->shape.connections; i++) {
		struct connection *c = &s->connections[i];

		if (c->ld == NULL || c->broken)
			continue;
		if (cork_has_answers(c->cork))
			pump(c, LOOP_READ);
		else if (!cork_flush(c->cork))
			lose(c);
	}
}

static int64_t latest(void *ctx)
{
	const struct session *s = ctx;

	for (unsigned i = 0; i < s->shape.connections; i++) {
		const struct connection *c = &s->connections[i];

		if (c->ld != NULL && !c->broken && cork_has_answers(c->cork))
			return 0;
	}
	return -1;
}

struct connecting {
	const struct ldap_settings *set;
	enum connect_as as;
	LDAP *ld;
	struct err err;
};

static void connect_job(void *ctx)
{
	struct connecting *job = ctx;

	job->ld = connect_directory(job->set, job->as, &job->err);
}

static bool attach(struct connection *c, LDAP *ld, struct err *e)
{
	struct loop *l = c->session->loop;
	int fd = -1;

	c->ld = ld;
	c->broken = c->silent = false;
	c->cork = cork_insert(ld);
	if (c->cork == NULL)
		return err_set(e, ERR_INTERNAL, "libldap takes no cork");
	ldap_get_option(ld, LDAP_OPT_DESC, &fd);
	c->out_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (c->out_fd < 0)
		return err_set(e, ERR_INTERNAL, "no descriptor is left");
	return (c->in = loop_watch(l, fd, LOOP_READ, pump, c, e)) != NULL &&
	       (c->out = loop_watch(l, c->out_fd, LOOP_WRITE | LOOP_EDGE, pump,
				    c, e)) != NULL;
}

static void detach(struct connection *c)
{
	struct loop *l = c->session->loop;

	lose(c);
	loop_unwatch(l, &c->in);
	loop_unwatch(l, &c->out);
	if (c->out_fd >= 0)
		close(c->out_fd);
	c->out_fd = -1;
	if (c->ld != NULL)
		ldap_unbind_ext(c->ld, NULL, NULL);
	c->ld = NULL;
}

static bool open_connection(struct connection *c, struct err *e)
{
	struct session *s = c->session;
	struct connecting job = {.set = s->set, .as = s->shape.as};

	if (!pool_run(s->connector, connect_job, &job, INT64_MAX, e))
		return false;
	if (job.ld == NULL) {
		*e = job.err;
		return false;
	}
	if (attach(c, job.ld, e))
		return true;
	detach(c);
	return false;
}

/* Nobody may be left in a bucket when the handle goes away. */
static void await_empty(struct connection *c)
{
	while (c->outstanding > 0)
		fiber_sleep(1);
}

static void serve_connection(struct connection *c)
{
	struct session *s = c->session;

	for (unsigned i = 0; i < s->shape.outstanding; i++)
		call_next(s);
	while (!c->broken && !s->stop)
		fiber_park(INT64_MAX);
	lose(c);
	await_empty(c);
	detach(c);
}

/* Opens its connection again and again, for as long as the session lives. */
static void keep(void *ctx)
{
	struct connection *c = ctx;
	struct session *s = c->session;
	int64_t pause = BACKOFF_FIRST;
	bool told = false;

	c->keeper = fiber_self();
	while (!s->stop) {
		struct err e = {0};

		if (open_connection(c, &e)) {
			pause = BACKOFF_FIRST;
			told = false;
			serve_connection(c);
			continue;
		}
		/* A directory that is just starting is no news. */
		if (!told && pause >= BACKOFF_TELL)
			log_event(LOG_WARNING, "directory-unreachable", "error",
				  e.text, NULL);
		told = told || pause >= BACKOFF_TELL;
		fiber_park(clock_now() + pause);
		pause = pause * 2 < BACKOFF_LAST ? pause * 2 : BACKOFF_LAST;
	}
	s->keepers--;
}

struct session *session_open(struct loop *l, struct pool *connector,
			     const struct ldap_settings *set,
			     const struct session_shape *shape)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->connections = calloc(shape->connections, sizeof(*s->connections));
	if (s->connections == NULL)
		abort();
	s->loop = l;
	s->connector = connector;
	s->set = set;
	s->shape = *shape;
	s->last = &s->first;
	s->down_since = clock_now();
	loop_each_turn(l, turn, latest, s);
	for (unsigned i = 0; i < shape->connections; i++) {
		struct connection *c = &s->connections[i];

		*c = (struct connection){.session = s,
					 .out_fd = -1,
					 .broken = true};
		s->keepers++;
		if (!fiber_start(l, keep, c))
			abort(); /* more keepers than fibers: never */
	}
	return s;
}

void session_stop(struct session *s)
{
	s->stop = true;
	for (unsigned i = 0; i < s->shape.connections; i++)
		fiber_wake(s->connections[i].keeper);
	while (s->first != NULL)
		call_next(s);
}

bool session_is_closed(const struct session *s)
{
	return s->keepers == 0;
}

void session_free(struct session **session)
{
	struct session *s = *session;

	*session = NULL;
	if (s == NULL)
		return;
	free(s->connections);
	free(s);
}

/* The connection with the least to do; NULL if all have enough. */
static struct connection *choose(struct session *s)
{
	struct connection *best = NULL;

	for (unsigned i = 0; i < s->shape.connections; i++) {
		struct connection *c = &s->connections[i];

		if (c->ld != NULL && !c->broken &&
		    c->outstanding < s->shape.outstanding &&
		    (best == NULL || c->outstanding < best->outstanding))
			best = c;
	}
	return best;
}

static void withdraw(struct session *s, struct waiter *w)
{
	struct waiter **at = &s->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (s->last == &w->next)
		s->last = at;
	s->waiting--;
}

static bool wait_turn(struct session *s, int64_t deadline, struct err *e)
{
	struct waiter w = {.fiber = fiber_self()};

	if (s->waiting == s->shape.waiting)
		return err_code(e, ERR_LIMIT, "busy",
				"too many requests wait for the directory");
	*s->last = &w;
	s->last = &w.next;
	s->waiting++;
	while (!w.called) {
		fiber_park(deadline);
		if (!w.called && clock_now() >= deadline) {
			withdraw(s, &w);
			return err_code(e, ERR_TIMEOUT, "directory_slow",
					"the directory is too slow");
		}
	}
	return true;
}

/* Wait in the queue, and come back with the slot that was kept for us. */
static bool queue_up(struct session *s, int64_t deadline, struct err *e)
{
	if (!wait_turn(s, deadline, e))
		return false;
	s->promised--;
	return true;
}

static struct connection *acquire(struct session *s, int64_t deadline,
				  struct err *e)
{
	bool first = true;

	while (!s->stop && clock_now() < deadline) {
		bool up = session_is_up(s);
		int64_t until = up ? deadline : s->down_since + GRACE;
		/* Newcomers do not overtake those who wait already. */
		bool turn = !first || (s->first == NULL && s->promised == 0);
		struct connection *c = turn ? choose(s) : NULL;

		if (c != NULL)
			return c;
		if (!up && clock_now() >= until)
			break;
		first = false;
		if (!queue_up(s, until < deadline ? until : deadline, e) &&
		    (up || e->kind != ERR_TIMEOUT))
			return NULL;
		err_clear(e);
	}
	if (!first)
		call_next(s); /* the slot that was kept for us is free */
	if (clock_now() >= deadline)
		err_code(e, ERR_TIMEOUT, "directory_slow",
			 "the directory is too slow");
	else
		err_code(e, ERR_UNAVAILABLE, "directory_down",
			 "the directory cannot be reached");
	return NULL;
}

/* libldap takes these without const, and only reads them. */
static char **names(const char *const *list)
{
	union {
		const char *const *is;
		char **taken;
	} u = {.is = list};

	return u.taken;
}

static int submit(LDAP *ld, const struct operation *op, int64_t deadline,
		  int *msgid)
{
	/* slapd ends a search that nobody waits for any more by itself. */
	struct timeval limit = {.tv_sec = (deadline - clock_now()) / 1000 + 1};
	struct berval cred;

	switch (op->kind) {
	case OPERATION_SEARCH:
		return ldap_search_ext(ld, op->dn, op->scope, op->filter,
				       names(op->want), 0, op->controls, NULL,
				       &limit, LDAP_NO_LIMIT, msgid);
	case OPERATION_ADD:
		return ldap_add_ext(ld, op->dn, op->mods, op->controls, NULL,
				    msgid);
	case OPERATION_MODIFY:
		return ldap_modify_ext(ld, op->dn, op->mods, op->controls, NULL,
				       msgid);
	case OPERATION_DELETE:
		return ldap_delete_ext(ld, op->dn, op->controls, NULL, msgid);
	case OPERATION_BIND:
		break;
	}
	ber_str2bv(op->password, 0, 0, &cred);
	return ldap_sasl_bind(ld, op->dn, LDAP_SASL_SIMPLE, &cred, NULL, NULL,
			      msgid);
}

static bool is_reading(const struct operation *op)
{
	return op->kind == OPERATION_SEARCH || op->kind == OPERATION_BIND;
}

/* While the socket is full libldap says "busy": wait for slapd to read. */
static bool send_it(struct connection *c, struct pending *p, int64_t deadline,
		    struct err *e)
{
	int rc;

	while ((rc = submit(c->ld, p->op, deadline, &p->msgid)) == LDAP_BUSY) {
		if (clock_now() >= deadline)
			return err_code(e, ERR_TIMEOUT, "directory_slow",
					"the directory is too slow");
		fiber_sleep(BUSY_PAUSE);
		if (c->broken)
			break;
	}
	if (rc == LDAP_SUCCESS && !c->broken)
		return true;
	lose(c);
	return err_code(e, ERR_UNAVAILABLE, "directory_down",
			"cannot send to the directory: %s",
			ldap_err2string(rc));
}

static void await(struct connection *c, struct pending *p, int64_t deadline)
{
	struct pending **at = &c->buckets[(unsigned)p->msgid % BUCKETS];

	p->next = *at;
	*at = p;
	p->heard = clock_now();
	while (!p->done && !p->lost) {
		int64_t idle =
			p->op->idle > 0 ? p->heard + p->op->idle : INT64_MAX;
		int64_t until = idle < deadline ? idle : deadline;

		if (clock_now() >= until)
			break;
		fiber_park(until);
	}
	for (; *at != p; at = &(*at)->next)
		continue;
	*at = p->next;
}

static void release_reply(void *reply)
{
	ldap_controls_free(reply);
}

/* Neither answered nor lost: the deadline came.  The operation is forgotten,
 * not abandoned: libldap would write the request to abandon it into the middle
 * of another that is half written. */
static bool too_late(struct connection *c, const struct pending *p,
		     struct err *e)
{
	/* A bind would leave the connection to whoever comes next; and one that
	 * says nothing at all may be dead, without anybody having told. */
	if (p->op->kind == OPERATION_BIND || clock_now() - c->heard >= SILENCE)
		lose(c);
	c->silent = true;
	return err_code(e, is_reading(p->op) ? ERR_TIMEOUT : ERR_UNKNOWN,
			is_reading(p->op) ? "directory_slow"
					  : "outcome_unknown",
			"the directory did not answer in time");
}

static bool run_once(struct session *s, struct arena *a, struct operation *op,
		     int64_t deadline, bool *again, struct err *e)
{
	struct pending p = {.op = op, .fiber = fiber_self()};
	struct connection *c = acquire(s, deadline, e);
	bool good = false;

	*again = false;
	if (c == NULL)
		return false;
	if (c->outstanding++ == 0 && !c->silent)
		c->heard = clock_now();
	if (!send_it(c, &p, deadline, e)) {
		*again = e->kind == ERR_UNAVAILABLE;
	} else {
		await(c, &p, deadline);
		good = p.done;
		if (!good && !p.lost)
			too_late(c, &p, e);
		else if (!good)
			err_code(e,
				 is_reading(op) ? ERR_UNAVAILABLE : ERR_UNKNOWN,
				 is_reading(op) ? "directory_down"
						: "outcome_unknown",
				 "the connection to the directory was lost");
		*again = !good && p.lost && !p.begun && is_reading(op);
	}
	if (op->reply != NULL)
		arena_defer(a, release_reply, op->reply);
	c->outstanding--;
	call_next(s);
	return good;
}

bool session_run(struct session *s, struct arena *a, struct operation *op,
		 int64_t deadline, struct err *e)
{
	bool again = true;

	/* A connection that slapd closed while idle shows only in use. */
	for (int try = 1; again && try <= RUN_TRIES; try++) {
		err_clear(e);
		if (run_once(s, a, op, deadline, &again, e))
			return true;
	}
	return false;
}
