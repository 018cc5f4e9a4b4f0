#include "tests/lib/live.h"

#include <stdio.h>
#include <stdlib.h>

#include "ldap/journal.h"
#include "ldap/login.h"
#include "ldap/schema.h"
#include "ldap/store.h"
#include "loop/fiber.h"
#include "util/clock.h"

enum { FIBERS = 16, PATIENCE = 20000, SECONDS = 10 };

struct live_parts {
	struct loop *loop;
	struct news *news;
	struct session *session, *logins;
	int status;
};

struct caller live_caller(const struct live *live, const char *name)
{
	return (struct caller){.login = name,
			       .identity =
				       schema_login_dn(live->arena,
						       live->set.base, name)};
}

static bool await_connections(struct live_parts *p)
{
	int64_t give_up = clock_now() + PATIENCE;

	while (!session_is_up(p->session) || !session_is_up(p->logins)) {
		if (clock_now() >= give_up)
			return false;
		fiber_sleep(1);
	}
	return true;
}

static void work(void *ctx)
{
	struct live *live = ctx;
	struct live_parts *p = live->parts;

	if (await_connections(p))
		p->status = live->work(live);
	else
		puts("Bail out! the directory cannot be reached");
	session_stop(p->session);
	session_stop(p->logins);
	while (!session_is_closed(p->session) || !session_is_closed(p->logins))
		fiber_sleep(1);
	loop_stop(p->loop);
}

static void open_ports(struct live *live, struct pool *connector)
{
	const struct session_shape gateway = {.as = CONNECT_GATEWAY,
					      .connections = 1,
					      .outstanding = 16,
					      .waiting = 16};
	const struct session_shape nobody = {.as = CONNECT_NOBODY,
					     .connections = 1,
					     .outstanding = 1,
					     .waiting = 16};
	struct live_parts *p = live->parts;

	p->news = news_new();
	p->session = session_open(p->loop, &connector, p->news, &live->set,
				  &gateway);
	p->logins =
		session_open(p->loop, &connector, p->news, &live->set, &nobody);
	live->gateway.store = ldap_store_open(p->session, &live->set);
	live->gateway.journal = ldap_journal_open(p->session, &live->set);
	live->gateway.login =
		ldap_login_open(p->logins, p->session, &live->set, NULL);
}

static void close_ports(struct live *live)
{
	struct live_parts *p = live->parts;

	ldap_store_close(&live->gateway.store);
	ldap_journal_close(&live->gateway.journal);
	ldap_login_close(&live->gateway.login);
	session_free(&p->session);
	session_free(&p->logins);
	news_free(&p->news);
}

int live_run(struct live *live)
{
	struct live_parts p = {.status = EXIT_FAILURE};
	struct err e = {0};

	connect_prepare();
	live->arena = arena_new();
	live->parts = &p;
	live->set.read_seconds = live->set.write_seconds = SECONDS;
	p.loop = loop_open(&e);
	struct pool *connector = pool_open("connecting", 2, FIBERS, 0, &e);
	if (p.loop == NULL || connector == NULL)
		return EXIT_FAILURE;
	fiber_prepare(p.loop, FIBERS);
	open_ports(live, connector);
	if (!fiber_start(p.loop, work, live))
		return EXIT_FAILURE;
	loop_run(p.loop);
	close_ports(live);
	pool_close(&connector);
	fiber_cleanup(p.loop);
	loop_close(&p.loop);
	arena_free(live->arena);
	return p.status;
}
