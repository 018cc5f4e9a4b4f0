#include "http/server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/body.h"
#include "http/forwarded.h"
#include "http/guard.h"
#include "http/idle.h"
#include "http/outlet.h"
#include "http/reply.h"
#include "http/secure.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/meter.h"
#include "util/random.h"
#include "util/text.h"

enum {
	/* A connection's memory: 16 KiB of headers, 72 bytes for each of them
	 * and for each argument, and the head of a reply.  libmicrohttpd zeroes
	 * it one and a half times a request, so no more than needed; but maps
	 * only what is more than 32 KiB.  That costs nothing before it is used,
	 * and goes back whole: from the heap 9,500 connections that never ask,
	 * and come again and again, took 88 MB. */
	POOL_BYTES = 36 * 1024,
	BODY_GRACE = 5000,   /* milliseconds before the slowest rate counts */
	BODY_RATE = 1024,    /* bytes a second, at least */
	ARGUMENTS_MAX = 64,  /* behind '?'; more exhaust libmicrohttpd's
			      * memory and would get no answer at all */
	SILENT_LEAST = 1000, /* milliseconds until one of too many goes */
	DRAIN_FACTOR = 4,    /* of a body too large we read that much */
	REQUEST_ID_LENGTH = 16,
};

struct server {
	struct server_parts parts;
	struct MHD_Daemon *daemon;
	struct watch *watch;
	struct secure secure;
	struct client *clients; /* connected ones */
	unsigned under_way;     /* requests */
	unsigned serving;       /* of these, on fibers */
	unsigned streaming;     /* fibers that write replies over time */
	struct bodies bodies;   /* the room that they have */
	struct idle_list idle;  /* clients that were answered */
	bool due, quiet;
};

/* A connection; its timer cuts it off. */
struct client {
	struct idle idle; /* first, so that one leads to the other */
	struct client *next, **link;
	struct server *server;
	struct timer timer;
	struct channel channel;
	struct network peer;
	char source[NETWORK_TEXT], network[NETWORK_TEXT]; /* in words */
	int64_t silent; /* since then, where it is idle */
	int fd;
	bool busy;                 /* a request of it is under way */
	bool cut;                  /* off: nothing more is taken from it */
	struct exchange *exchange; /* its request, or NULL */
};

/* A request on its way in, and its reply on its way out. */
struct exchange {
	struct request req;
	struct response res;
	struct server *server;
	struct client *client;
	struct MHD_Connection *connection;
	const char *target;
	struct body body;
	size_t body_most; /* bytes that it may have */
	size_t received;  /* bytes of it, kept or not */
	int64_t body_began;
	struct header heads[GUARD_HEADERS_MAX + 1];
	struct outlet *outlet; /* of a reply that is made over time */
	bool begun, started, done, suspended, close, counted;
	bool too_large, crowded_out; /* its body */
};

static void cut_off(void *ctx)
{
	struct client *c = ctx;

	/* libmicrohttpd sees the end of the stream and cleans up.  A request
	 * that has arrived by then is still read, and could not be answered. */
	c->cut = true;
	shutdown(c->fd, SHUT_RDWR);
}

static void patience(struct client *c, int64_t until)
{
	loop_set_timer(c->server->parts.loop, &c->timer, until);
}

static int64_t seconds(int64_t n)
{
	return clock_now() + n * 1000;
}

static enum MHD_Result accept_policy(void *cls, const struct sockaddr *addr,
				     socklen_t size)
{
	const struct server *s = cls;
	struct network peer = network_of(addr);

	(void)size;
	/* A proxy speaks for many. */
	if (network_list_holds(&s->parts.settings->trusted, &peer) ||
	    sources_has_room(s->parts.sources, &peer))
		return MHD_YES;
	meter_add(METER_HTTP_TURNED_AWAY, 0, 0, 1);
	return MHD_NO;
}

static void name_source(const struct network *from, char source[NETWORK_TEXT],
			char network[NETWORK_TEXT])
{
	struct network whole = network_source(from);

	network_text(from, source);
	network_text(&whole, network);
}

static void client_enter(struct server *s, struct MHD_Connection *connection,
			 void **context)
{
	struct client *c = alloc_zeroed(sizeof(*c));
	const union MHD_ConnectionInfo *peer =
		MHD_get_connection_info(connection,
					MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(connection,
					MHD_CONNECTION_INFO_CONNECTION_FD);

	*c = (struct client){.server = s, .fd = fd->connect_fd};
	c->timer = (struct timer){.fn = cut_off, .ctx = c};
	c->peer = network_of(peer->client_addr);
	name_source(&c->peer, c->source, c->network);
	secure_enter(&s->secure, &c->channel, connection);
	sources_enter(s->parts.sources, &c->peer);
	meter_add(METER_HTTP_ACCEPTED, 0, 0, 1);
	meter_add(METER_HTTP_CONNECTIONS, 0, 0, 1);
	c->link = &s->clients;
	c->next = s->clients;
	if (c->next != NULL)
		c->next->link = &c->next;
	s->clients = c;
	patience(c, seconds(s->parts.settings->header_seconds));
	*context = c;
}

static void client_leave(struct server *s, struct client *c)
{
	loop_clear_timer(s->parts.loop, &c->timer);
	/* libmicrohttpd does not tell the end of a request whose headers were
	 * never complete. */
	if (c->exchange != NULL)
		arena_free(c->exchange->req.arena);
	sources_leave(s->parts.sources, &c->peer);
	meter_add(METER_HTTP_CONNECTIONS, 0, 0, -1);
	idle_leave(&s->idle, &c->idle);
	secure_leave(&c->channel);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	free(c);
}

static void on_connection(void *cls, struct MHD_Connection *connection,
			  void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		client_enter(cls, connection, context);
	else if (*context != NULL)
		client_leave(cls, *context);
}

static unsigned count_arguments(const char *target)
{
	unsigned count = 1;

	for (; *target != '\0'; target++)
		count += *target == '&';
	return count;
}

/* Who was answered keeps memory that who never asked does not: of too many the
 * one that is silent for longest has to go, unless it asks again at once. */
static void fall_silent(struct server *s, struct client *c)
{
	int64_t most = s->parts.settings->connections_idle;

	c->silent = clock_now();
	idle_enter(&s->idle, &c->idle);
	if ((int64_t)s->idle.count * s->parts.loops <= most)
		return;
	c = (struct client *)s->idle.oldest;
	idle_leave(&s->idle, &c->idle);
	patience(c, c->silent + SILENT_LEAST);
}

/* The first that is known of a request: what its first line asks for. */
static void *on_target(void *cls, const char *target,
		       struct MHD_Connection *connection)
{
	struct arena *a = arena_new();
	struct exchange *x = arena_alloc(a, sizeof(*x));

	x->req.arena = a;
	x->server = cls;
	x->connection = connection;
	x->client = MHD_get_connection_info(connection,
					    MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			    ->socket_context;
	x->client->exchange = x;
	idle_leave(&x->server->idle, &x->client->idle);
	x->target = arena_strdup(a, target);
	if (count_arguments(target) > ARGUMENTS_MAX)
		cut_off(x->client);
	x->req.id = random_dated_name(a, clock_seconds(), REQUEST_ID_LENGTH);
	return x;
}

static void count_under_way(struct server *s, int n)
{
	s->under_way += (unsigned)n;
	meter_add(METER_HTTP_UNDER_WAY, 0, 0, n);
}

static void release(struct exchange *x)
{
	struct arena *a = x->req.arena;

	body_drop(&x->body, &x->server->bodies);
	outlet_free(&x->outlet);
	arena_free(a);
}

static void on_completed(void *cls, struct MHD_Connection *connection,
			 void **context, enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *context;
	struct server *s = cls;

	(void)connection, (void)why;
	*context = NULL;
	if (x == NULL)
		return;
	if (x->begun)
		count_under_way(s, -1);
	x->client->busy = false;
	x->client->exchange = NULL;
	patience(x->client,
		 s->quiet ? clock_now()
			  : seconds(s->parts.settings->idle_seconds +
				    s->parts.settings->header_seconds));
	if (!x->client->cut)
		fall_silent(s, x->client);
	if (x->outlet != NULL)
		outlet_leave(x->outlet);
	/* Who still writes needs it, body and all, and frees it. */
	if (x->outlet == NULL || outlet_has_ended(x->outlet))
		release(x);
}

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind,
				   const char *name, size_t name_size,
				   const char *value, size_t value_size)
{
	struct exchange *x = cls;
	struct arena *a = x->req.arena;

	(void)kind;
	/* As libmicrohttpd has it, with blanks behind: to it "chunked " is no
	 * coding at all, and the guard must not read more into it. */
	/* One more than allowed is kept, for the guard to see. */
	if (x->req.header_count > GUARD_HEADERS_MAX)
		return MHD_NO;
	x->heads[x->req.header_count++] =
		(struct header){arena_strndup(a, name, name_size),
				value != NULL
					? arena_strndup(a, value, value_size)
					: ""};
	return MHD_YES;
}

/* Everything but the body has arrived. */
static void fill_request(struct exchange *x, const char *method)
{
	struct request *req = &x->req;
	char *path = arena_strdup(req->arena, x->target);
	char *query = strchr(path, '?');

	if (query != NULL)
		*query++ = '\0';
	req->method = arena_strdup(req->arena, method);
	req->path = path;
	req->query = query;
	req->source = arena_strdup(req->arena, x->client->source);
	req->source_network = arena_strdup(req->arena, x->client->network);
	req->headers = x->heads;
	req->body = "";
	req->began = clock_micros();
	req->deadline = seconds(x->server->parts.settings->request_seconds);
	MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, take_header,
				    x);
}

static enum MHD_Result queue(struct exchange *x)
{
	struct MHD_Response *r =
		reply_make(&x->res, x->req.id, x->close || x->server->quiet,
			   x->outlet);

	if (r == NULL)
		return MHD_NO;
	enum MHD_Result good =
		MHD_queue_response(x->connection, x->res.status, r);
	MHD_destroy_response(r);
	if (x->outlet == NULL)
		patience(x->client,
			 seconds(x->server->parts.settings->request_seconds));
	return good;
}

static enum MHD_Result refuse(struct exchange *x, unsigned status,
			      const char *why)
{
	reply_refusal(&x->res, x->req.arena, status, why);
	meter_add(METER_HTTP_REFUSED, meter_code(status), 0, 1);
	log_event(LOG_INFO, "refused", "id", x->req.id, "source", x->req.source,
		  "reason", why, NULL);
	return queue(x);
}

/* How long the body may become.  Who does not say who he is, where he ought to,
 * gets no room: his body is thrown away. */
static void expect_body(struct exchange *x)
{
	const struct server_parts *parts = &x->server->parts;
	const char *length = request_header(&x->req, "Content-Length");
	bool visit = parts->is_visit != NULL && parts->is_visit(&x->req);
	int64_t size = visit ? BODY_SMALL : parts->settings->body_bytes;

	x->counted = request_header(&x->req, "Authorization") != NULL ||
		     x->req.certificate != NULL || visit;
	if (x->counted)
		body_begin(&x->body, x->req.source_network);
	if (length != NULL)
		text_number(length, 0, size, &size); /* the guard has seen it */
	x->body_most = (size_t)size;
}

/* Who asks, if it is not the peer itself. */
static struct guard_verdict find_source(struct exchange *x)
{
	struct request *req = &x->req;
	struct network from;
	struct guard_verdict v = {0, NULL};

	if (!forwarded_source(&x->server->parts.settings->trusted,
			      &x->client->peer, req, &from, &v.why)) {
		v.status = 400;
	} else if (memcmp(&from, &x->client->peer, sizeof(from)) != 0) {
		char *source = arena_alloc(req->arena, NETWORK_TEXT),
		     *network = arena_alloc(req->arena, NETWORK_TEXT);

		name_source(&from, source, network);
		req->source = source;
		req->source_network = network;
	} else if (!network_list_holds(&x->server->parts.settings->trusted,
				       &x->client->peer)) {
		/* It is of who is connected, not of those he speaks for: whose
		 * words a proxy passes on may be at its own address. */
		secure_show(&x->client->channel, req);
	}
	return v;
}

static enum MHD_Result begin(struct exchange *x, const char *method,
			     const char *version)
{
	struct server *s = x->server;

	if (x->client->cut)
		return MHD_NO;
	x->begun = true;
	x->client->busy = true;
	count_under_way(s, 1);
	x->body_began = clock_now();
	fill_request(x, method);
	patience(x->client, x->body_began + BODY_GRACE);
	const struct guard_input in =
		{.method = x->req.method,
		 .target = x->target,
		 .version = version,
		 .headers = x->heads,
		 .header_count = x->req.header_count,
		 .body_limit = (size_t)s->parts.settings->body_bytes};
	struct guard_verdict v = guard_check(&in);
	if (v.status == 0)
		v = find_source(x);
	if (v.status == 0) {
		expect_body(x);
		return MHD_YES;
	}
	x->close = true; /* what follows may be no request */
	return refuse(x, v.status, v.why);
}

/* Bytes must come at a lowest rate, and be all there in the time a request
 * has. */
static void await_more(struct exchange *x)
{
	int64_t slowest = x->body_began + BODY_GRACE +
			  (int64_t)x->received * 1000 / BODY_RATE;

	patience(x->client,
		 slowest < x->req.deadline ? slowest : x->req.deadline);
}

/* What is not kept is read nevertheless: libmicrohttpd takes no reply in the
 * middle of a body. */
static enum MHD_Result take_body(struct exchange *x, const char *data,
				 size_t *size)
{
	size_t limit = (size_t)x->server->parts.settings->body_bytes;
	struct bodies *all = &x->server->bodies;
	size_t more = *size;

	*size = 0;
	x->received += more;
	x->too_large = x->too_large || x->received > x->body_most;
	if (x->too_large || !x->counted) {
		body_drop(&x->body, all);
		return x->received > limit * DRAIN_FACTOR ? MHD_NO : MHD_YES;
	}
	if (!x->crowded_out &&
	    !body_add(&x->body, x->body_most, all, data, more)) {
		x->crowded_out = true;
		body_drop(&x->body, all);
	}
	await_more(x);
	return MHD_YES;
}

static struct outlet *open_outlet(struct exchange *x)
{
	const struct outlet_parts parts = {.loop = x->server->parts.loop,
					   .connection = x->connection,
					   .fd = x->client->fd,
					   .due = &x->server->due,
					   .cut_off = cut_off,
					   .ctx = x->client};
	struct outlet *o = outlet_open(&parts);

	if (x->server->quiet)
		outlet_shut(o);
	return o;
}

/* The rest of a reply.  The client may be gone before it ends. */
static void stream(struct exchange *x)
{
	struct server *s = x->server;

	s->streaming++;
	x->res.stream(x->res.stream_ctx, x->outlet);
	s->streaming--;
	if (outlet_end(x->outlet))
		release(x);
}

static void serve(void *ctx)
{
	struct exchange *x = ctx;
	struct server *s = x->server;

	s->parts.serve(s->parts.ctx, &x->req, &x->res);
	if (x->res.stream != NULL)
		x->outlet = open_outlet(x);
	x->done = true;
	s->serving -= x->counted;
	if (x->suspended) {
		s->due = true;
		MHD_resume_connection(x->connection);
	}
	if (x->outlet != NULL)
		stream(x);
}

static enum MHD_Result start(struct exchange *x)
{
	struct server *s = x->server;

	x->started = true;
	loop_clear_timer(s->parts.loop, &x->client->timer);
	if (x->too_large)
		return refuse(x, 413, "the body is too large");
	if (x->crowded_out)
		return refuse(x, 503, "too much is being sent");
	if (x->body.size > 0) {
		x->req.body = x->body.data;
		x->req.body_size = x->body.size;
	}
	/* Without credentials nothing waits: health checks are answered however
	 * much is under way. */
	if (x->counted && s->serving >= s->parts.settings->requests)
		return refuse(x, 503, "too many requests are under way");
	s->serving += x->counted;
	if (!fiber_start(s->parts.loop, serve, x))
		abort(); /* there are more fibers than requests */
	if (x->done)
		return queue(x);
	x->suspended = true;
	MHD_suspend_connection(x->connection);
	return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection,
				 const char *url, const char *method,
				 const char *version, const char *data,
				 size_t *size, void **context)
{
	struct exchange *x = *context;

	(void)cls, (void)connection, (void)url;
	if (x == NULL)
		return MHD_NO;
	if (!x->begun)
		return begin(x, method, version);
	if (*size > 0)
		return take_body(x, data, size);
	if (!x->started)
		return start(x);
	return queue(x);
}

/* We decode ourselves, once, after splitting. */
static size_t leave_encoded(void *cls, struct MHD_Connection *connection,
			    char *s)
{
	(void)cls, (void)connection;
	return strlen(s);
}

static void quiet_log(void *cls, const char *fmt, va_list ap)
{
	(void)cls, (void)fmt, (void)ap; /* mostly that clients went away */
}

static void on_ready(void *ctx, unsigned ready)
{
	struct server *s = ctx;

	(void)ready;
	s->due = true;
}

static int64_t latest(void *ctx)
{
	struct server *s = ctx;
	MHD_UNSIGNED_LONG_LONG ms;

	if (s->due)
		return 0;
	return MHD_get_timeout(s->daemon, &ms) == MHD_YES ? (int64_t)ms : -1;
}

static void turn(void *ctx)
{
	struct server *s = ctx;

	if (latest(s) != 0)
		return;
	s->due = false;
	MHD_run(s->daemon);
	secure_rest(&s->secure);
}

static struct MHD_Daemon *start_daemon(struct server *s)
{
	const struct server_parts *p = &s->parts;
	const struct MHD_OptionItem options[] =
		{{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s},
		 {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, s},
		 {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, s},
		 {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_encoded, s},
		 {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)quiet_log, s},
		 {MHD_OPTION_LISTEN_SOCKET, p->listener, NULL},
		 {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
		 {MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, NULL},
		 {MHD_OPTION_CONNECTION_LIMIT,
		  (intptr_t)((p->settings->connections + p->loops - 1) /
			     p->loops),
		  NULL},
		 {MHD_OPTION_CONNECTION_TIMEOUT,
		  (intptr_t)p->settings->idle_seconds, NULL},
		 {MHD_OPTION_END, 0, NULL}};
	const unsigned flags =
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	if (p->tls == NULL)
		return MHD_start_daemon(flags, 0, accept_policy, s, on_access,
					s, MHD_OPTION_ARRAY, options,
					MHD_OPTION_END);
	return MHD_start_daemon(flags | MHD_USE_TLS, 0, accept_policy, s,
				on_access, s, MHD_OPTION_ARRAY, options,
				MHD_OPTION_HTTPS_PRIORITIES, tls_priorities(),
				MHD_OPTION_HTTPS_CERT_CALLBACK, tls_chooser(),
				MHD_OPTION_END);
}

struct server *server_open(const struct server_parts *parts, struct err *e)
{
	struct server *s = alloc_zeroed(sizeof(*s));

	s->parts = *parts;
	s->secure = (struct secure){.loop = parts->loop,
				    .tls = parts->tls,
				    .due = &s->due};
	s->daemon = start_daemon(s);
	if (s->daemon == NULL) {
		err_set(e, ERR_INTERNAL, "cannot start the HTTP server");
		close(parts->listener);
		free(s);
		return NULL;
	}
	int fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)
			 ->epoll_fd;
	s->watch = loop_watch(parts->loop, fd, LOOP_READ, on_ready, s, e);
	if (s->watch == NULL) {
		MHD_stop_daemon(s->daemon);
		free(s);
		return NULL;
	}
	loop_each_turn(parts->loop, turn, latest, s);
	return s;
}

void server_end_streams(struct server *s)
{
	for (struct client *c = s->clients; c != NULL; c = c->next) {
		if (c->exchange != NULL && c->exchange->outlet != NULL)
			outlet_shut(c->exchange->outlet);
	}
}

void server_quiesce(struct server *s)
{
	int fd = (int)MHD_quiesce_daemon(s->daemon);

	s->quiet = true;
	s->due = true;
	if (fd >= 0)
		close(fd);
	for (struct client *c = s->clients; c != NULL; c = c->next) {
		if (!c->busy)
			patience(c, clock_now());
	}
	server_end_streams(s);
}

void server_cut_off(struct server *s)
{
	s->due = true;
	for (struct client *c = s->clients; c != NULL; c = c->next)
		cut_off(c);
	server_end_streams(s);
}

bool server_is_idle(const struct server *s)
{
	return s->under_way == 0 && s->streaming == 0;
}

void server_close(struct server **server)
{
	struct server *s = *server;

	*server = NULL;
	if (s == NULL)
		return;
	loop_unwatch(s->parts.loop, &s->watch);
	for (struct client *c = s->clients; c != NULL; c = c->next)
		secure_wake(&c->channel);
	MHD_stop_daemon(s->daemon);
	free(s);
}
