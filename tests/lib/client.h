/*
 * client - sends requests to dispatch() without a network, for tests
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include "api/dispatch.h"
#include "tests/lib/world.h"

/* NULL where something is not sent. */
struct ask {
	const char *method, *path, *query;
	const char *login; /* "name:password" */
	const char *type, *body;
	const char *condition; /* "If-Match: ..." or another header */
};

/* What the gateway is told to go; NULL: nothing. */
extern const struct deprecation *client_deprecations;

/* The response and its body live in the world's arena. */
struct response client_ask(struct world *w, const struct ask *ask);

/* The first header of that name, or NULL. */
const char *client_header(const struct response *res, const char *name);

/* The member of that name of the body, as JSON; NULL if there is none.  Lives
 * as long as the world. */
const char *client_member(struct world *w, const struct response *res,
			  const char *name);

#endif
