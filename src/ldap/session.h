/*
 * session - a few pipelined connections of one loop to the directory
 *
 * A call submits an operation, parks the fiber, and returns with the result or
 * at the deadline.  Many operations are under way on each connection.  Lost
 * connections are opened anew by themselves; meanwhile calls fail at once, and
 * so they do while the directory is silent.
 *
 * With several servers, writes go to the first alone.  While it cannot be used,
 * reads and logins go to the first other that has everything we wrote.
 */
#ifndef LDAP_SESSION_H
#define LDAP_SESSION_H

#include "ldap/connect.h"
#include "ldap/news.h"
#include "ldap/operation.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "util/arena.h"
#include "util/err.h"

struct session;

struct session_shape {
	enum connect_as as;
	unsigned connections; /* to each server */
	unsigned outstanding; /* operations on each at a time */
	unsigned waiting;     /* for their turn, at most */
};

/* Each server has a pool that opens connections, so that one that is dead does
 * not hold up the others.  Settings, pools and news must outlive it. */
struct session *session_open(struct loop *l, struct pool *const *connectors,
			     struct news *news, const struct ldap_settings *set,
			     const struct session_shape *shape);

/* How many may wait for their turn from now on. */
void session_set_waiting(struct session *s, unsigned waiting);

/* Fails what is under way and lets its fibers end; call it on the loop's
 * thread and turn the loop until session_is_closed(). */
void session_stop(struct session *s);
bool session_is_stopped(const struct session *s);
bool session_is_closed(const struct session *s);
void session_free(struct session **s);

/* Whether something can be asked at the moment.  Does not wait; but it asks for
 * a sign of life, so that the next call knows. */
bool session_is_up(struct session *s);

/* The same of the server that is written to. */
bool session_can_write(struct session *s);

/* True if the directory answered, whatever the result.  Otherwise, for a
 * writing operation, ERR_UNKNOWN says that it may have been done;
 * ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_LIMIT and ERR_INTERNAL say that it was
 * not. */
bool session_run(struct session *s, struct arena *a, struct operation *op,
		 int64_t deadline, struct err *e);

#endif
