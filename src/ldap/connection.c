#include "ldap/connection.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "ldap/cork.h"
#include "ldap/entry.h"
#include "loop/fiber.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"
#include "util/log.h"
#include "util/meter.h"

enum {
	BACKOFF_FIRST = 20, /* milliseconds between tries to connect */
	BACKOFF_LAST = 500,
	BACKOFF_TELL = 160,  /* from this pause on it is worth a line */
	LASTING = 1000,      /* milliseconds: what ends before has failed */
	QUEUE_MILLIS = 1000, /* for a thread that connects */
	SILENCE = 5000,      /* milliseconds of it until a connection is lost */
	PROBE_AFTER = 1000,  /* milliseconds an operation waits without a sign
			      * of life */
	TICK = 1000,         /* milliseconds between looks at the news */
	TICK_INQUIRING = 100,
	RESULTS_A_TURN = 512, /* so that others on the loop get their turn */
};

static void tell(struct connection *c)
{
	c->parts.changed(c->parts.ctx, c);
}

enum connection_state connection_state(const struct connection *c)
{
	if (c->ld == NULL || c->broken)
		return CONNECTION_DOWN;
	if (c->silent)
		return CONNECTION_SILENT;
	if (news_silent_at(c->parts.news, c->parts.server) <= c->heard)
		return CONNECTION_UP;
	/* Behind a bind nothing is answered: it will tell by itself. */
	if (c->parts.as == CONNECT_NOBODY && c->outstanding > 0)
		return CONNECTION_UP;
	return c->probed != 0 && clock_now() - c->probed >= CONNECTION_DOUBT
		       ? CONNECTION_SILENT
		       : CONNECTION_DOUBTED;
}

static void set_silent(struct connection *c, bool silent)
{
	if (c->silent != silent)
		meter_add(METER_CONNECTIONS_SILENT, c->parts.as, 0,
			  silent ? 1 : -1);
	c->silent = silent;
}

/* The keeper closes it; until then nothing new is sent on it. */
void connection_lose(struct connection *c)
{
	if (c->broken)
		return;
	c->broken = true;
	for (size_t i = 0; i < CONNECTION_BUCKETS; i++) {
		for (struct pending *p = c->buckets[i]; p != NULL;
		     p = p->next) {
			p->lost = true;
			fiber_wake(p->fiber);
		}
	}
	fiber_wake(c->keeper);
	tell(c);
}

static bool shows_csn(const struct connection *c)
{
	return c->parts.servers > 1 && c->parts.as == CONNECT_GATEWAY;
}

void connection_question(struct connection *c)
{
	char csn[] = "contextCSN", none[] = LDAP_NO_ATTRS;
	char *want[] = {shows_csn(c) ? csn : none, NULL};
	struct timeval limit = {.tv_sec = SILENCE / 1000};

	if (c->ld == NULL || c->broken)
		return;
	if (c->probed == 0)
		c->probed = clock_now();
	if (c->asked == 0)
		c->asked = c->probed;
	if (fiber_self() != c->keeper)
		fiber_wake(c->keeper); /* to watch the time */
	if (c->probe != 0)
		return;
	c->ticket = news_ticket(c->parts.news);
	/* While the socket is full there is no need: what fills it is to be
	 * answered, too. */
	int rc = ldap_search_ext(c->ld, c->parts.set->base, LDAP_SCOPE_BASE,
				 NULL, want, 0, NULL, NULL, &limit,
				 LDAP_NO_LIMIT, &c->probe);
	if (rc != LDAP_SUCCESS)
		c->probe = 0;
	if (rc != LDAP_SUCCESS && rc != LDAP_BUSY)
		connection_lose(c);
}

static struct pending *find(struct connection *c, int msgid)
{
	struct pending *p = c->buckets[(unsigned)msgid % CONNECTION_BUCKETS];

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

static void take_probe(struct connection *c, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	bool last = ldap_msgtype(message) == LDAP_RES_SEARCH_RESULT;
	const struct berval *csns = NULL;
	struct entry en;
	struct err e = {0};

	if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY &&
	    entry_read(c->ld, message, a, &en, &e))
		csns = entry_values(&en, "contextCSN");
	if (shows_csn(c) && (csns != NULL || (last && !c->shown)))
		news_shows(c->parts.news, c->parts.server, c->ticket, csns);
	c->shown = csns != NULL;
	if (last)
		c->probe = 0;
}

static void take_message(struct connection *c, LDAPMessage *message)
{
	struct pending *p = find(c, ldap_msgid(message));

	if (ldap_msgid(message) == 0)
		connection_lose(c); /* of disconnection, RFC 4511 4.4.1 */
	else if (ldap_msgid(message) == c->probe)
		take_probe(c, message);
	else if (p == NULL || p->done)
		return; /* nobody waits for it any more */
	else if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY &&
		 p->op->each == NULL)
		connection_lose(c); /* an entry, and nobody has searched */
	else if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY) {
		p->begun = true;
		p->heard = clock_now();
		p->arrived = c->arrived;
		p->op->each(p->op->ctx, c->ld, message);
	} else if (ldap_msgtype(message) != LDAP_RES_SEARCH_REFERENCE)
		finish(c, p, message);
}

/* Whatever it is: the server is there. */
static void hear(struct connection *c)
{
	bool was_up = connection_state(c) == CONNECTION_UP;

	c->heard = clock_now();
	c->arrived++;
	c->asked = c->probed = 0;
	set_silent(c, false);
	if (!was_up)
		tell(c);
}

/* Read what has arrived, and send what libldap could not send before. */
static void pump(void *ctx, unsigned ready)
{
	struct connection *c = ctx;
	struct timeval now = {0};

	(void)ready;
	if (!cork_flush(c->cork))
		connection_lose(c);
	for (int i = 0; i < RESULTS_A_TURN && !c->broken; i++) {
		LDAPMessage *message = NULL;
		int rc = ldap_result(c->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now,
				     &message);

		if (rc == 0)
			return;
		if (rc < 0) {
			connection_lose(c);
			return;
		}
		hear(c);
		take_message(c, message);
		ldap_msgfree(message);
		/* What is still in the socket the loop will tell; libldap would
		 * ask with a poll(). */
		if (!cork_has_answers(c->cork))
			return;
	}
}

bool connection_has_answers(const struct connection *c)
{
	return c->ld != NULL && !c->broken && cork_has_answers(c->cork);
}

void connection_turn(struct connection *c)
{
	if (c->ld == NULL || c->broken)
		return;
	if (cork_has_answers(c->cork))
		pump(c, LOOP_READ);
	else if (!cork_flush(c->cork))
		connection_lose(c);
}

static bool attach(struct connection *c, LDAP *ld, struct err *e)
{
	struct loop *l = c->parts.loop;
	int fd = -1;

	c->ld = ld;
	c->cork = cork_insert(ld);
	if (c->cork == NULL)
		return err_set(e, ERR_INTERNAL, "libldap takes no cork");
	c->broken = c->slow = false;
	set_silent(c, false);
	c->heard = clock_now();
	c->asked = c->probed = c->probe = 0;
	ldap_get_option(ld, LDAP_OPT_DESC, &fd);
	c->in_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	c->out_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (c->in_fd < 0 || c->out_fd < 0)
		return err_set(e, ERR_INTERNAL, "no descriptor is left");
	return (c->in = loop_watch(l, c->in_fd, LOOP_READ, pump, c, e)) !=
		       NULL &&
	       (c->out = loop_watch(l, c->out_fd, LOOP_WRITE | LOOP_EDGE, pump,
				    c, e)) != NULL;
}

static void detach(struct connection *c)
{
	struct loop *l = c->parts.loop;

	connection_lose(c);
	set_silent(c, false);
	loop_unwatch(l, &c->in);
	loop_unwatch(l, &c->out);
	file_close(&c->in_fd);
	file_close(&c->out_fd);
	if (c->ld != NULL)
		ldap_unbind_ext(c->ld, NULL, NULL);
	c->ld = NULL;
}

/* For a thread of the pool, with copies of all it reads: the settings change
 * on the loop's thread. */
struct connecting {
	struct ldap_settings set;
	enum connect_as as;
	LDAP *ld;
	struct err err;
};

static void connect_job(void *ctx)
{
	struct connecting *job = ctx;

	job->ld = connect_directory(&job->set, job->as, &job->err);
}

static const char *copy(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

static bool open_connection(struct connection *c, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct ldap_settings *set = c->parts.set;
	struct connecting job = {.as = c->parts.as, .set = *set};

	job.set.uri = c->parts.uri;
	job.set.base = copy(a, set->base);
	job.set.bind_dn = copy(a, set->bind_dn);
	job.set.password = copy(a, set->password);
	job.set.ca_file = copy(a, set->ca_file);
	if (!pool_run(c->parts.connector, connect_job, &job,
		      clock_now() + QUEUE_MILLIS, e))
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

/* When there is something to do for the keeper. */
static int64_t next_look(const struct connection *c)
{
	int64_t tick = clock_now() + (c->inquire ? TICK_INQUIRING : TICK);

	return c->asked != 0 && c->asked + SILENCE < tick ? c->asked + SILENCE
							  : tick;
}

/* Whether something is to be learnt from contextCSN. */
static bool is_curious(const struct connection *c)
{
	if (!shows_csn(c))
		return false;
	return c->parts.server == 0
		       ? !news_is_known(c->parts.news)
		       : c->inquire &&
				 !news_is_fresh(c->parts.news, c->parts.server);
}

static void look(struct connection *c)
{
	if (c->asked != 0 && clock_now() >= c->asked + SILENCE) {
		c->slow = true;
		connection_lose(c);
	} else if (connection_state(c) == CONNECTION_DOUBTED || is_curious(c))
		connection_question(c);
}

static void serve(struct connection *c)
{
	/* What the server has may have changed while we were away. */
	if (shows_csn(c) && c->parts.server > 0)
		news_shows(c->parts.news, c->parts.server, 0,
			   &(struct berval){0});
	tell(c);
	while (!c->broken && !c->stop) {
		look(c);
		if (!c->broken)
			fiber_park(next_look(c));
	}
	connection_lose(c);
	/* Nobody may be left in a bucket when the handle goes away. */
	while (c->outstanding > 0)
		fiber_sleep(1);
	detach(c);
}

/* A server may accept us and hang up at once, again and again: only a
 * connection that lasted was a good one. */
static bool open_and_serve(struct connection *c, struct err *e)
{
	int64_t since;

	if (!open_connection(c, e)) {
		c->slow = e->kind == ERR_TIMEOUT;
		meter_add(METER_CONNECTS_FAILED, c->parts.as, 0, 1);
		return false;
	}
	since = clock_now();
	meter_add(METER_CONNECTS, c->parts.as, 0, 1);
	meter_add(METER_CONNECTIONS, c->parts.as, 0, 1);
	serve(c);
	meter_add(METER_CONNECTIONS, c->parts.as, 0, -1);
	return clock_now() - since >= LASTING ||
	       err_set(e, ERR_UNAVAILABLE,
		       "%s: a connection was lost as soon as it was open",
		       c->parts.uri);
}

static void keep(void *ctx)
{
	struct connection *c = ctx;
	int64_t pause = BACKOFF_FIRST;
	struct err told = {0};

	c->keeper = fiber_self();
	while (!c->stop) {
		struct err e = {0};

		if (open_and_serve(c, &e)) {
			pause = BACKOFF_FIRST;
			err_clear(&told);
			continue;
		}
		if (c->stop)
			break;
		/* A directory that is just starting is no news. */
		if (pause >= BACKOFF_TELL && strcmp(told.text, e.text) != 0) {
			log_event(LOG_WARNING, "directory-unreachable", "error",
				  e.text, NULL);
			told = e;
		}
		fiber_park(clock_now() + pause);
		pause = pause * 2 < BACKOFF_LAST ? pause * 2 : BACKOFF_LAST;
	}
	c->closed = true;
}

void connection_start(struct connection *c,
		      const struct connection_parts *parts)
{
	*c = (struct connection){.parts = *parts,
				 .in_fd = -1,
				 .out_fd = -1,
				 .broken = true};
	if (!fiber_start(parts->loop, keep, c))
		abort(); /* more keepers than fibers: never */
}

void connection_stop(struct connection *c)
{
	c->stop = true;
	fiber_wake(c->keeper);
}

void connection_await(struct connection *c, struct pending *p, int64_t deadline)
{
	struct pending **at =
		&c->buckets[(unsigned)p->msgid % CONNECTION_BUCKETS];

	p->next = *at;
	*at = p;
	p->sent = p->heard = clock_now();
	p->arrived = c->arrived;
	while (!p->done && !p->lost) {
		int64_t now = clock_now(), probe = p->heard + PROBE_AFTER;
		int64_t idle =
			p->op->idle > 0 ? p->heard + p->op->idle : INT64_MAX;
		int64_t until = idle < deadline ? idle : deadline;
		/* So that at the deadline we know whether anybody is there. */
		bool ask = p->op->kind != OPERATION_BIND &&
			   p->arrived == c->arrived && c->probed == 0;

		if (now >= until)
			break;
		if (ask && now >= probe)
			connection_question(c);
		else
			fiber_park(ask && probe < until ? probe : until);
	}
	for (; *at != p; at = &(*at)->next)
		continue;
	*at = p->next;
}

/* A bind that is still under way would leave the connection to whoever comes
 * next, so that one is given up at once. */
void connection_overdue(struct connection *c, const struct pending *p)
{
	bool bind = p->op->kind == OPERATION_BIND;

	if (c->broken || (!bind && p->arrived != c->arrived))
		return;
	news_silence(c->parts.news, c->parts.server);
	if (bind) {
		c->slow = true;
		connection_lose(c);
		return;
	}
	if (c->silent)
		return;
	set_silent(c, true);
	meter_add(METER_SILENCES, c->parts.as, 0, 1);
	if (c->asked == 0 || c->asked > p->sent)
		c->asked = p->sent;
	connection_question(c);
	log_event(LOG_WARNING, "directory-silent", "uri", c->parts.uri, NULL);
	tell(c);
}
