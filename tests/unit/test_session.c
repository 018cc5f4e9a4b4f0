/* A session with a directory that answers when it is told to. */
#include "ldap/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ldap/connect.h"
#include "loop/fiber.h"
#include "tests/lib/tap.h"
#include "util/clock.h"

enum {
	FIBERS = 32,
	SLOTS = 4,
	HELD = 64,
	CLIENTS = 4,
	PATIENCE = 5000, /* milliseconds */
	TAG_BIND = 0x60,
	TAG_SEARCH = 0x63,
	TAG_BOUND = 0x61,
	TAG_FOUND = 0x65,
};

/* The fake directory, on the loop of the session. */
struct client {
	int fd;
	struct watch *watch;
};
static struct {
	char path[64];
	int fd;
	struct watch *watch;
	struct client clients[CLIENTS]; /* fd 0: none */
	unsigned connects;
	bool closes; /* after each bind */
	int held[HELD];
	unsigned count;
	int last; /* connection that asked */
} dir;

static struct loop *loop;
static struct session *session;

static void answer(int fd, int id, ber_tag_t tag, bool controls)
{
	static char oid[] = "1.3.6.1.1.13.2";
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct berval bytes;

	if (controls)
		ber_printf(ber, "{it{ess}t{{s}}}", id, tag, 0, "", "",
			   (ber_tag_t)0xa0, oid);
	else
		ber_printf(ber, "{it{ess}}", id, tag, 0, "", "");
	if (ber_flatten2(ber, &bytes, 0) < 0 ||
	    write(fd, bytes.bv_val, bytes.bv_len) < 0)
		abort();
	ber_free(ber, 1);
}

static void hang_up(struct client *c)
{
	loop_unwatch(loop, &c->watch);
	close(c->fd);
	c->fd = 0;
}

static void take_request(struct client *c, struct berval *request)
{
	BerElement *ber = ber_init(request);
	ber_len_t size;
	int id = 0;

	if (ber == NULL || ber_scanf(ber, "i", &id) == LBER_ERROR)
		abort();
	ber_tag_t tag = ber_peek_tag(ber, &size);
	ber_free(ber, 1);
	dir.last = c->fd;
	if (tag == TAG_BIND)
		answer(c->fd, id, TAG_BOUND, false);
	if (tag == TAG_BIND && dir.closes)
		hang_up(c);
	else if (tag == TAG_SEARCH && dir.count < HELD)
		dir.held[dir.count++] = id;
}

/* Requests come whole here: they are small. */
static void hear(void *ctx, unsigned ready)
{
	static char bytes[65536];
	struct client *c = ctx;
	ssize_t n = read(c->fd, bytes, sizeof(bytes));
	struct berval all = {n > 0 ? (size_t)n : 0, bytes}, request;
	ber_len_t left;

	(void)ready;
	if (n <= 0) {
		hang_up(c);
		return;
	}
	BerElement *ber = ber_init(&all);
	while (c->fd != 0 &&
	       ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == 0 &&
	       left > 0 && ber_scanf(ber, "m", &request) != LBER_ERROR)
		take_request(c, &request);
	ber_free(ber, 1);
}

static void let_in(void *ctx, unsigned ready)
{
	struct client *c = dir.clients;
	struct err e = {0};

	(void)ctx;
	(void)ready;
	while (c->fd != 0)
		c++;
	c->fd = accept(dir.fd, NULL, NULL);
	c->watch = loop_watch(loop, c->fd, LOOP_READ, hear, c, &e);
	dir.connects++;
}

static void listen_here(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct err e = {0};

	snprintf(dir.path, sizeof(dir.path), "/tmp/test_session.%ld",
		 (long)getpid());
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", dir.path);
	dir.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (dir.fd < 0 || bind(dir.fd, (void *)&to, sizeof(to)) != 0 ||
	    listen(dir.fd, 8) != 0)
		abort();
	dir.watch = loop_watch(loop, dir.fd, LOOP_READ, let_in, NULL, &e);
}

static void answer_all(bool controls)
{
	for (unsigned i = 0; i < dir.count; i++)
		answer(dir.last, dir.held[i], TAG_FOUND, controls);
	dir.count = 0;
}

/* Whether so many requests come within so many milliseconds. */
static bool holds(unsigned count, int64_t patience)
{
	int64_t give_up = clock_now() + patience;

	while (dir.count < count && clock_now() < give_up)
		fiber_sleep(1);
	return dir.count == count;
}

static void await_session(void)
{
	int64_t give_up = clock_now() + PATIENCE;

	while (!session_is_up(session) && clock_now() < give_up)
		fiber_sleep(1);
}

static void none(void *ctx, LDAP *ld, LDAPMessage *entry)
{
	(void)ctx;
	(void)ld;
	(void)entry;
}

static struct operation search(void)
{
	static const char *const want[] = {LDAP_NO_ATTRS, NULL};

	return (struct operation){.kind = OPERATION_SEARCH,
				  .dn = "dc=provost",
				  .scope = LDAP_SCOPE_BASE,
				  .want = want,
				  .each = none};
}

static bool run(struct operation *op, struct arena *a, int64_t patience,
		struct err *e)
{
	return session_run(session, a, op, clock_now() + patience, e);
}

static unsigned asked, answered, newcomers;

static void ask_once(void)
{
	struct arena *a = arena_new();
	struct operation op = search();
	struct err e = {0};

	asked++;
	answered += run(&op, a, PATIENCE, &e);
	arena_free(a);
}

/* Of a batch that is answered, all but the first come again, in the same turn
 * of the loop. */
static void ask(void *ctx)
{
	(void)ctx;
	ask_once();
	if (answered > 1 && newcomers > 0) {
		newcomers--;
		ask_once();
	}
}

static void test_slots(void)
{
	await_session();
	for (unsigned i = 0; i < SLOTS + 1; i++)
		fiber_start(loop, ask, NULL);
	OK(holds(SLOTS, 1000), "every slot is used");
	newcomers = SLOTS - 1;
	answer_all(false);
	OK(holds(SLOTS, 500),
	   "every slot is used again, by who waited and by newcomers");
	NUMBER(newcomers, 0, "which have come");
	answer_all(false);
	for (int i = 0; i < 1000 && answered < asked; i++) {
		fiber_sleep(1);
		answer_all(false);
	}
	NUMBER(answered, asked, "all are answered");
}

/* A request that libldap refuses is nobody else's trouble. */
static void test_refusal(void)
{
	struct arena *a = arena_new();
	struct operation op = search();
	struct err e = {0};
	unsigned before;

	await_session();
	before = dir.connects;
	op.filter = "(((";
	OK(!run(&op, a, PATIENCE, &e) && e.kind == ERR_INTERNAL,
	   "a bad filter is our mistake");
	fiber_sleep(50);
	NUMBER(dir.connects, before, "and the connection stays");
	arena_free(a);
}

static void answer_soon(void *ctx)
{
	(void)ctx;
	if (holds(1, 1000))
		answer_all(true);
}

/* An operation that is run twice: the first reply is freed once. */
static void test_twice(void)
{
	struct arena *a = arena_new();
	struct operation op = search();
	struct err e = {0};

	await_session();
	fiber_start(loop, answer_soon, NULL);
	OK(run(&op, a, PATIENCE, &e) && op.reply != NULL,
	   "a reply has controls");
	OK(!run(&op, a, 100, &e) && op.reply == NULL, "no reply, no controls");
	arena_free(a);
	answer_all(false);
}

/* Whoever hangs up at once is not asked again and again. */
static void test_hanging_up(void)
{
	dir.closes = true;
	dir.connects = 0;
	hang_up(&dir.clients[0]);
	fiber_sleep(1500);
	OK(dir.connects >= 3 && dir.connects <= 10,
	   "the pauses between connections grow");
	dir.closes = false;
	await_session();
	OK(session_is_up(session), "it is well again");
}

static void script(void *ctx)
{
	(void)ctx;
	test_slots();
	test_refusal();
	test_twice();
	test_hanging_up();
	session_stop(session);
	while (!session_is_closed(session))
		fiber_sleep(1);
	for (struct client *c = dir.clients; c < dir.clients + CLIENTS; c++) {
		if (c->fd != 0)
			hang_up(c);
	}
	loop_unwatch(loop, &dir.watch);
	loop_stop(loop);
}

int main(void)
{
	const struct session_shape shape = {.as = CONNECT_GATEWAY,
					    .connections = 1,
					    .outstanding = SLOTS,
					    .waiting = FIBERS};
	char uri[128];
	const struct ldap_settings set = {.uri = uri, .base = "dc=provost"};
	struct news *news = news_new();
	struct err e = {0};

	signal(SIGPIPE, SIG_IGN);
	connect_prepare();
	loop = loop_open(&e);
	struct pool *connector = pool_open("connecting", 1, 4, 0, &e);
	if (loop == NULL || connector == NULL)
		return EXIT_FAILURE;
	fiber_prepare(loop, FIBERS);
	listen_here();
	snprintf(uri, sizeof(uri), "ldapi://%%2Ftmp%%2Ftest_session.%ld",
		 (long)getpid());
	session = session_open(loop, &connector, news, &set, &shape);
	fiber_start(loop, script, NULL);
	loop_run(loop);
	session_free(&session);
	pool_close(&connector);
	news_free(&news);
	fiber_cleanup(loop);
	loop_close(&loop);
	close(dir.fd);
	unlink(dir.path);
	return tap_done();
}
