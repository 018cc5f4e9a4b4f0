/*
 * The contract, put to the store that the gateway works with: a directory at
 * the URI in the first argument, below the base in the second.  Started by
 * store.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ldap/login.h"
#include "ldap/schema.h"
#include "ldap/store.h"
#include "loop/fiber.h"
#include "passwd/scheme.h"
#include "tests/contract/store_contract.h"
#include "util/clock.h"

enum { FIBERS = 16, PATIENCE = 20000 };

struct bench {
	struct arena *arena;
	struct loop *loop;
	struct ldap_settings set;
	struct news *news;
	struct session *session, *logins;
	struct store *store;
	struct login *login;
	int status;
};

static bool opens(void *ctx, const char *address, const char *clear)
{
	struct bench *b = ctx;
	const struct task t = {.arena = b->arena,
			       .deadline = clock_now() + PATIENCE};
	const struct caller *caller = NULL;
	struct err e = {0};

	return b->login->ops->verify(b->login, &t, address, clear, true,
				     &caller, &e);
}

static const char *hash(struct arena *a, const char *clear)
{
	const char *text = NULL;
	struct err e = {0};

	if (!scheme_hash(scheme_find("sha512-crypt"), a, clear, &text, &e))
		printf("Bail out! %s\n", e.text);
	return text;
}

static struct caller caller(const struct bench *b, const char *name)
{
	return (struct caller){name,
			       schema_login_dn(b->arena, b->set.base, name)};
}

static int put_to_it(struct bench *b)
{
	const struct caller admin = caller(b, "admin"),
			    ann = caller(b, "ann@contract.example"),
			    guest = caller(b, "guest");
	const struct contract c = {.store = b->store,
				   .admin = &admin,
				   .user = &ann,
				   .guest = &guest,
				   .hash = hash(b->arena, "first"),
				   .other_hash = hash(b->arena, "second"),
				   .opens = opens,
				   .ctx = b};

	return store_contract(&c);
}

static bool await_connections(const struct bench *b)
{
	int64_t give_up = clock_now() + PATIENCE;

	while (!session_is_up(b->session) || !session_is_up(b->logins)) {
		if (clock_now() >= give_up)
			return false;
		fiber_sleep(5);
	}
	return true;
}

static void work(void *ctx)
{
	struct bench *b = ctx;

	if (await_connections(b))
		b->status = put_to_it(b);
	else
		puts("Bail out! the directory cannot be reached");
	session_stop(b->session);
	session_stop(b->logins);
	while (!session_is_closed(b->session) || !session_is_closed(b->logins))
		fiber_sleep(1);
	loop_stop(b->loop);
}

static void open_ports(struct bench *b, struct pool *connector)
{
	const struct session_shape gateway = {.as = CONNECT_GATEWAY,
					      .connections = 1,
					      .outstanding = 16,
					      .waiting = 16};
	const struct session_shape nobody = {.as = CONNECT_NOBODY,
					     .connections = 1,
					     .outstanding = 1,
					     .waiting = 16};

	b->news = news_new();
	b->session =
		session_open(b->loop, &connector, b->news, &b->set, &gateway);
	b->logins =
		session_open(b->loop, &connector, b->news, &b->set, &nobody);
	b->store = ldap_store_open(b->session, &b->set);
	b->login = ldap_login_open(b->logins, &b->set);
}

int main(int argc, char **argv)
{
	struct bench b = {.status = EXIT_FAILURE,
			  .arena = arena_new(),
			  .set = {.uri = argc == 3 ? argv[1] : NULL,
				  .base = argc == 3 ? argv[2] : NULL,
				  .read_seconds = 10,
				  .write_seconds = 10}};
	struct err e = {0};

	connect_prepare();
	b.loop = loop_open(&e);
	struct pool *connector = pool_open("connecting", 2, FIBERS, 0, &e);
	if (argc != 3 || b.loop == NULL || connector == NULL)
		return EXIT_FAILURE;
	fiber_prepare(b.loop, FIBERS);
	open_ports(&b, connector);
	if (!fiber_start(b.loop, work, &b))
		return EXIT_FAILURE;
	loop_run(b.loop);
	ldap_store_close(&b.store);
	ldap_login_close(&b.login);
	session_free(&b.session);
	session_free(&b.logins);
	news_free(&b.news);
	pool_close(&connector);
	fiber_cleanup(b.loop);
	loop_close(&b.loop);
	arena_free(b.arena);
	return b.status;
}
