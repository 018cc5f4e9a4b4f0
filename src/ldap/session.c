#include "ldap/session.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/connection.h"
#include "ldap/control.h"
#include "ldap/entry.h"
#include "ldap/measure.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/meter.h"

enum {
	BUSY_PAUSE = 5,      /* milliseconds until we try to send again */
	RUN_TRIES = 3,       /* of a search whose connection was lost */
	GRACE = 200,         /* milliseconds after a loss in which requests
			      * wait for the connection instead of failing */
	REPLICA_PAUSE = 20,  /* milliseconds between looks for a replica */
	SIGN_OF_LIFE = 1000, /* milliseconds: older ones prove nothing */
};

struct waiter {
	struct waiter *next;
	struct fiber *fiber;
	unsigned servers; /* on one of that many */
	bool hopes;       /* it knows that none can be used now */
	bool called;
	bool has_slot; /* it was called for one that is kept for it */
};

struct session {
	struct arena *arena; /* what lives as long as it */
	struct news *news;
	const struct ldap_settings *set;
	struct session_shape shape;
	struct text_list servers;
	struct connection *connections; /* those of the first server first */
	unsigned count;
	struct waiter *first, **last;
	unsigned waiting;
	unsigned promised;  /* slots for those who were called */
	int64_t down_since; /* or since the beginning */
	bool inquiring;     /* which replica may be read */
	struct unsettled *unsettled;
	bool stop;
};

static bool is_usable(const struct connection *c)
{
	return connection_state(c) == CONNECTION_UP &&
	       news_is_fresh(c->parts.news, c->parts.server);
}

/* On the first server that can be used, which is the only one that is. */
static unsigned free_slots(const struct session *s, unsigned *server)
{
	unsigned count = 0;

	*server = (unsigned)s->servers.count; /* none */
	for (unsigned i = 0; i < s->count; i++) {
		const struct connection *c = &s->connections[i];

		if (c->parts.server > *server)
			break;
		if (!is_usable(c))
			continue;
		*server = c->parts.server;
		if (c->outstanding < s->shape.outstanding)
			count += s->shape.outstanding - c->outstanding;
	}
	return count;
}

static void count_waiting(struct session *s, int n)
{
	s->waiting += (unsigned)n;
	meter_add(METER_OPERATIONS_WAITING, s->shape.as, 0, n);
}

static void call(struct session *s, struct waiter **at, bool has_slot)
{
	struct waiter *w = *at;

	*at = w->next;
	if (s->last == &w->next)
		s->last = at;
	count_waiting(s, -1);
	w->called = true;
	w->has_slot = has_slot;
	s->promised += has_slot;
	fiber_wake(w->fiber);
}

/* Nobody waits while a slot is free that is not promised: so this is called
 * whenever a slot becomes free, or one that was promised is not taken, and
 * before a newcomer takes one.  Whoever cannot be served any more learns that
 * there is nothing to wait for, once. */
static void call_waiters(struct session *s)
{
	struct waiter **at = &s->first;
	unsigned server, slots;

	if (s->first == NULL)
		return;
	slots = free_slots(s, &server);
	while (*at != NULL && (server > 0 || slots > s->promised)) {
		struct waiter *w = *at;

		if (w->servers <= server && !w->hopes)
			call(s, at, false);
		else if (w->servers > server && slots > s->promised)
			call(s, at, true);
		else
			at = &w->next;
	}
}

static bool are_up(struct session *s, unsigned count)
{
	int64_t now = clock_now();
	bool up = false;

	for (unsigned i = 0; i < count; i++) {
		struct connection *c = &s->connections[i];
		bool alive = c->probed == 0 || now - c->probed < SIGN_OF_LIFE;

		if (now - c->heard >= SIGN_OF_LIFE &&
		    (s->shape.as != CONNECT_NOBODY || c->outstanding == 0))
			connection_question(c);
		up = up || (alive && is_usable(c));
	}
	return up;
}

bool session_is_up(struct session *s)
{
	return are_up(s, s->count);
}

bool session_can_write(struct session *s)
{
	return are_up(s, s->shape.connections);
}

/* While the first server cannot be used, the keepers of the others find out
 * whether these have everything. */
static void inquire(struct session *s)
{
	unsigned server;
	bool wanted;

	free_slots(s, &server);
	wanted = server > 0;
	if (wanted && !s->inquiring)
		s->down_since = clock_now();
	s->inquiring = wanted;
	for (unsigned i = s->shape.connections; i < s->count; i++) {
		struct connection *c = &s->connections[i];

		if (wanted && !c->inquire && c->keeper != NULL)
			fiber_wake(c->keeper);
		c->inquire = wanted;
	}
}

static void changed(void *ctx, struct connection *c)
{
	struct session *s = ctx;

	if (c->broken && !c->silent)
		s->down_since = clock_now();
	if (s->count > s->shape.connections)
		inquire(s);
	call_waiters(s);
}

static void turn(void *ctx)
{
	const struct session *s = ctx;

	for (unsigned i = 0; i < s->count; i++)
		connection_turn(&s->connections[i]);
}

static int64_t latest(void *ctx)
{
	const struct session *s = ctx;

	for (unsigned i = 0; i < s->count; i++) {
		if (connection_has_answers(&s->connections[i]))
			return 0;
	}
	return -1;
}

struct session *session_open(struct loop *l, struct pool *const *connectors,
			     struct news *news, const struct ldap_settings *set,
			     const struct session_shape *shape)
{
	struct session *s = alloc_zeroed(sizeof(*s));

	s->arena = arena_new();
	s->news = news;
	s->set = set;
	s->shape = *shape;
	s->last = &s->first;
	s->down_since = clock_now();
	s->servers = connect_servers(s->arena, set->uri);
	s->count = (unsigned)s->servers.count * shape->connections;
	s->connections =
		arena_alloc(s->arena, s->count * sizeof(*s->connections));
	struct connection_parts parts = {.loop = l,
					 .set = set,
					 .news = news,
					 .servers = (unsigned)s->servers.count,
					 .as = shape->as,
					 .changed = changed,
					 .ctx = s};
	for (unsigned i = 0; i < s->count; i++)
		s->connections[i].broken = true;
	for (unsigned i = 0; i < s->count; i++) {
		parts.server = i / shape->connections;
		parts.uri = s->servers.items[parts.server];
		parts.connector = connectors[parts.server];
		connection_start(&s->connections[i], &parts);
	}
	loop_each_turn(l, turn, latest, s);
	return s;
}

void session_set_waiting(struct session *s, unsigned waiting)
{
	s->shape.waiting = waiting;
}

void session_stop(struct session *s)
{
	s->stop = true;
	for (unsigned i = 0; i < s->count; i++)
		connection_stop(&s->connections[i]);
	while (s->first != NULL)
		call(s, &s->first, false);
}

bool session_is_stopped(const struct session *s)
{
	return s->stop;
}

bool session_is_closed(const struct session *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (!s->connections[i].closed)
			return false;
	}
	return true;
}

void session_free(struct session **session)
{
	struct session *s = *session;

	*session = NULL;
	if (s != NULL)
		arena_free(s->arena);
	free(s);
}

static void withdraw(struct session *s, struct waiter *w)
{
	struct waiter **at = &s->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (s->last == &w->next)
		s->last = at;
	count_waiting(s, -1);
}

/* Wait in the queue; w->has_slot: we come back with one that was kept for us.
 */
static bool queue_up(struct session *s, struct waiter *w, int64_t deadline,
		     struct err *e)
{
	if (s->waiting >= s->shape.waiting)
		return err_code(e, ERR_LIMIT, "busy",
				"too many requests wait for the directory");
	w->fiber = fiber_self();
	*s->last = w;
	s->last = &w->next;
	count_waiting(s, 1);
	while (!w->called) {
		fiber_park(deadline);
		if (!w->called && clock_now() >= deadline) {
			withdraw(s, w);
			return err_code(e, ERR_TIMEOUT, "directory_slow",
					"the directory is too slow");
		}
	}
	s->promised -= w->has_slot;
	return true;
}

/* Among the connections to one server that with the least to do; NULL if all
 * have enough, or if the server cannot be used.  `until`: when those are known
 * to be silent that are in doubt. */
static struct connection *pick(struct session *s, unsigned server, bool *usable,
			       int64_t *until)
{
	struct connection *best = NULL;

	*usable = false;
	for (unsigned i = 0; i < s->shape.connections; i++) {
		struct connection *c =
			&s->connections[server * s->shape.connections + i];

		if (connection_state(c) == CONNECTION_DOUBTED) {
			connection_question(c);
			if (c->probed + CONNECTION_DOUBT > *until)
				*until = c->probed + CONNECTION_DOUBT;
		}
		if (!is_usable(c))
			continue;
		*usable = true;
		if (c->outstanding < s->shape.outstanding &&
		    (best == NULL || c->outstanding < best->outstanding))
			best = c;
	}
	return best;
}

/* On the first server that can be used. */
static struct connection *choose(struct session *s, unsigned servers,
				 bool *usable, int64_t *until)
{
	struct connection *c = NULL;

	*usable = false;
	for (unsigned i = 0; i < servers && !*usable; i++)
		c = pick(s, i, usable, until);
	return c;
}

/* Why there is no connection that could be used. */
static bool explain(const struct session *s, unsigned servers, struct err *e)
{
	bool slow = false, other = false, behind = false;

	for (unsigned i = 0; i < s->count; i++) {
		const struct connection *c = &s->connections[i];
		bool up = connection_state(c) == CONNECTION_UP;

		slow = slow || connection_state(c) == CONNECTION_SILENT ||
		       (connection_state(c) == CONNECTION_DOWN && c->slow);
		other = other || (c->parts.server >= servers && up);
		behind = behind || (c->parts.server < servers && up);
	}
	if (other)
		return err_code(e, ERR_UNAVAILABLE, "read_only",
				"the directory that is written to cannot be "
				"reached");
	if (behind)
		return err_code(e, ERR_UNAVAILABLE, "replica_behind",
				"no replica has what was written last");
	if (slow)
		return err_code(e, ERR_UNAVAILABLE, "directory_slow",
				"the directory does not answer");
	return err_code(e, ERR_UNAVAILABLE, "directory_down",
			"the directory cannot be reached");
}

/* Until when it is worth waiting, while nothing can be used: a connection that
 * was just lost may be back at once, a replica may be found to be new enough.
 */
static int64_t hope(const struct session *s, int64_t doubt)
{
	int64_t until = s->down_since + GRACE, now = clock_now();

	if (doubt > until)
		until = doubt;
	return s->servers.count > 1 && until > now + REPLICA_PAUSE
		       ? now + REPLICA_PAUSE
		       : until;
}

/* Whether somebody may take a slot who was not called for one. */
static bool is_turn(struct session *s)
{
	unsigned server;

	call_waiters(s);
	return free_slots(s, &server) > s->promised;
}

static struct connection *acquire(struct session *s, unsigned servers,
				  int64_t deadline, struct err *e)
{
	bool has_slot = false;

	while (!s->stop && clock_now() < deadline) {
		int64_t until = 0;
		bool usable;
		struct connection *c = choose(s, servers, &usable, &until);

		if (c != NULL && (has_slot || is_turn(s)))
			return c;
		if (!usable && s->servers.count > 1)
			inquire(s);
		until = usable ? deadline : hope(s, until);
		if (!usable && clock_now() >= until)
			break;
		if (has_slot)
			call_waiters(s); /* we cannot use it */
		struct waiter w = {.servers = servers, .hopes = !usable};
		if (!queue_up(s, &w, until < deadline ? until : deadline, e) &&
		    (usable || e->kind != ERR_TIMEOUT))
			return NULL;
		err_clear(e);
		has_slot = w.has_slot;
	}
	call_waiters(s); /* a slot that was kept for us is free */
	if (clock_now() >= deadline)
		err_code(e, ERR_TIMEOUT, "directory_slow",
			 "the directory is too slow");
	else
		explain(s, servers, e);
	return NULL;
}

static bool is_reading(const struct operation *op)
{
	return operation_reads(op->kind);
}

static bool is_refusal(int rc)
{
	return rc == LDAP_PARAM_ERROR || rc == LDAP_ENCODING_ERROR ||
	       rc == LDAP_FILTER_ERROR;
}

/* While the socket is full libldap says "busy": wait for slapd to read. */
static bool send_it(struct connection *c, struct pending *p, int64_t deadline,
		    struct err *e)
{
	int rc;

	while ((rc = operation_send(c->ld, p->op, deadline, &p->msgid)) ==
	       LDAP_BUSY) {
		if (clock_now() >= deadline)
			return err_code(e, ERR_TIMEOUT, "directory_slow",
					"the directory is too slow");
		fiber_sleep(BUSY_PAUSE);
		if (c->broken)
			break;
	}
	if (rc == LDAP_SUCCESS && !c->broken)
		return true;
	/* Nothing was sent, and the connection is as good as before. */
	if (is_refusal(rc))
		return err_set(e, ERR_INTERNAL, "libldap takes no request: %s",
			       ldap_err2string(rc));
	connection_lose(c);
	return err_code(e, ERR_UNAVAILABLE, "directory_down",
			"cannot send to the directory: %s",
			ldap_err2string(rc));
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
	connection_overdue(c, p);
	return err_code(e, is_reading(p->op) ? ERR_TIMEOUT : ERR_UNKNOWN,
			is_reading(p->op) ? "directory_slow"
					  : "outcome_unknown",
			"the directory did not answer in time");
}

static void count_outstanding(struct connection *c, int n)
{
	c->outstanding += (unsigned)n;
	meter_add(METER_OPERATIONS_UNDER_WAY, c->parts.as, 0, n);
}

/* On one of that many servers; tells which. */
static bool run_once(struct session *s, struct arena *a, struct operation *op,
		     unsigned servers, int64_t deadline, unsigned *server,
		     bool *again, struct err *e)
{
	struct pending p = {.op = op, .fiber = fiber_self()};
	struct connection *c;
	bool good = false;

	/* What an earlier run left belongs to its arena. */
	op->reply = NULL;
	op->result = LDAP_SUCCESS;
	*again = false;
	c = acquire(s, servers, deadline, e);
	if (c == NULL)
		return false;
	*server = c->parts.server;
	count_outstanding(c, 1);
	if (!send_it(c, &p, deadline, e)) {
		*again = e->kind == ERR_UNAVAILABLE;
	} else {
		connection_await(c, &p, deadline);
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
	count_outstanding(c, -1);
	call_waiters(s);
	return good;
}

struct showing {
	struct arena *arena;
	struct news *news;
	uint64_t ticket;
};

static void each_showing(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct showing *sh = ctx;
	struct entry en;
	struct err e = {0};

	if (entry_read(ld, message, sh->arena, &en, &e))
		news_shows(sh->news, 0, sh->ticket,
			   entry_values(&en, "contextCSN"));
}

/* Ask the first server how new it is.  If that fails it stays unknown. */
static void look_back(struct session *s, struct arena *a, int64_t deadline)
{
	static const char *const want[] = {"contextCSN", NULL};

	news_wrote(s->news, NULL);
	struct showing sh = {a, s->news, news_ticket(s->news)};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = s->set->base,
			       .scope = LDAP_SCOPE_BASE,
			       .want = want,
			       .each = each_showing,
			       .ctx = &sh};
	struct err e = {0};
	unsigned server;
	bool again;

	run_once(s, a, &op, 1, deadline, &server, &again, &e);
}

static const char *new_csn(const struct operation *op, struct arena *a)
{
	const struct berval *after = control_post_read_value(op->reply);
	struct entry en;
	struct err e = {0};

	return after != NULL && entry_read_control(after, a, &en, &e)
		       ? entry_text(&en, "entryCSN")
		       : NULL;
}

/* A request that sent a write whose answer was lost. */
struct unsettled {
	struct unsettled *next;
	struct session *session;
	const struct arena *arena; /* of the request */
};

static void settled(void *ctx)
{
	struct unsettled *u = ctx, **at = &u->session->unsettled;

	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
}

static void unsettle(struct session *s, struct arena *a)
{
	struct unsettled *u = arena_alloc(a, sizeof(*u));

	*u = (struct unsettled){s->unsettled, s, a};
	s->unsettled = u;
	arena_defer(a, settled, u);
}

static bool is_unsettled(const struct session *s, const struct arena *a)
{
	const struct unsettled *u = s->unsettled;

	while (u != NULL && u->arena != a)
		u = u->next;
	return u != NULL;
}

/* Remember how new a replica must be to be read from now on.  After a write
 * whose answer was lost, whatever else the request learns may be that it was
 * done.  slapd draws its numbers while it writes, one after the other, so what
 * it shows after a write is that write's number or a later one. */
static void remember(struct session *s, struct arena *a,
		     const struct operation *op, int64_t deadline)
{
	bool wrote = !is_reading(op) && op->result == LDAP_SUCCESS;
	const char *csn = wrote ? new_csn(op, a) : NULL;

	if (csn != NULL)
		news_wrote(s->news, csn);
	if ((wrote && csn == NULL) || is_unsettled(s, a))
		look_back(s, a, deadline);
}

static bool keeps_up(const struct session *s)
{
	return s->servers.count > 1 && s->shape.as == CONNECT_GATEWAY;
}

static bool run(struct session *s, struct arena *a, struct operation *op,
		int64_t deadline, struct err *e)
{
	bool anywhere = is_reading(op) && !op->first;
	unsigned servers = anywhere ? (unsigned)s->servers.count : 1,
		 server = 0;
	bool again = true, good = false;

	/* A connection that slapd closed while idle shows only in use. */
	for (int try = 1; !good && again && try <= RUN_TRIES; try++) {
		err_clear(e);
		good = run_once(s, a, op, servers, deadline, &server, &again,
				e);
	}
	if (!keeps_up(s))
		return good;
	if (!is_reading(op) &&
	    (good ? op->result == LDAP_OTHER : e->kind == ERR_UNKNOWN))
		unsettle(s, a);
	if (good && server == 0)
		remember(s, a, op, deadline);
	return good;
}

bool session_run(struct session *s, struct arena *a, struct operation *op,
		 int64_t deadline, struct err *e)
{
	int64_t began = clock_micros();
	bool good = run(s, a, op, deadline, e);

	measure_operation(op, good, e, began);
	return good;
}
