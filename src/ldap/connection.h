/*
 * connection - one pipelined connection to one server of the directory, kept
 * open by a fiber of its own
 *
 * A connection on which an operation timed out while nothing at all was heard
 * is silent: it takes no operations, so that nobody waits for it.  A probe is
 * sent, for which nobody waits either; whatever arrives ends the silence.  If
 * nothing does, it is closed and opened anew.
 */
#ifndef LDAP_CONNECTION_H
#define LDAP_CONNECTION_H

#include <ldap.h>

#include "ldap/connect.h"
#include "ldap/news.h"
#include "ldap/session.h"

struct connection;

/* An operation under way, on the stack of the fiber that waits for it. */
struct pending {
	struct pending *next; /* in its bucket */
	int msgid;
	struct operation *op;
	struct fiber *fiber;
	bool done, lost, begun; /* begun: an entry was handed on */
	int64_t sent;
	int64_t heard;    /* when something came for it last */
	uint64_t arrived; /* on the connection, when that was */
};

/* What a connection needs of its session. */
struct connection_parts {
	struct loop *loop;
	struct pool *connector;
	const struct ldap_settings *set;
	struct news *news;
	const char *uri; /* one, which lives as long as the connection */
	unsigned server; /* its number */
	unsigned servers;
	enum connect_as as;
	/* It can be used, or cannot any more. */
	void (*changed)(void *ctx, struct connection *c);
	void *ctx;
};

enum { CONNECTION_BUCKETS = 256 };

struct connection {
	struct connection_parts parts;
	struct cork *cork; /* of ld */
	LDAP *ld;          /* NULL: down */
	struct watch *in, *out;
	/* Duplicates: epoll knows each descriptor once, and libldap closes its
	 * own when it likes, whose number may be somebody else's then. */
	int in_fd, out_fd;
	struct pending *buckets[CONNECTION_BUCKETS]; /* by message id */
	unsigned outstanding;
	struct fiber *keeper;
	bool broken, stop, closed;
	bool silent;
	bool slow;        /* it was not closed, but did not answer */
	bool inquire;     /* whether a replica is new enough */
	int64_t heard;    /* when it last gave a sign of life */
	uint64_t arrived; /* messages */
	int64_t asked;    /* since when an answer is overdue; 0: it is not */
	int64_t probed;   /* when nothing was heard since; 0: not */
	int probe;        /* message id; 0: none under way */
	uint64_t ticket;  /* drawn for it */
	bool shown;       /* it has brought a contextCSN */
};

/* Start its keeper; it opens the connection again and again. */
void connection_start(struct connection *c,
		      const struct connection_parts *parts);

/* It is closed soon; then c->closed. */
void connection_stop(struct connection *c);

enum connection_state {
	CONNECTION_DOWN,
	CONNECTION_SILENT,
	CONNECTION_DOUBTED, /* another loop found the server silent since */
	CONNECTION_UP,
};
enum { CONNECTION_DOUBT = 100 }; /* milliseconds until doubt is silence */

enum connection_state connection_state(const struct connection *c);

/* Send a probe, if none is under way. */
void connection_question(struct connection *c);

/* Wait for the answer of what was sent: p->done, p->lost, or neither at the
 * deadline.  The caller has counted it as outstanding. */
void connection_await(struct connection *c, struct pending *p,
		      int64_t deadline);

/* It came neither back nor was it lost: judge the connection. */
void connection_overdue(struct connection *c, const struct pending *p);

/* Give it up for a new one. */
void connection_lose(struct connection *c);

/* At the end of each turn of the loop: send what was asked in it, and go on
 * reading where there was too much for one turn. */
void connection_turn(struct connection *c);

/* Whether there is more to read, of which the socket does not tell again. */
bool connection_has_answers(const struct connection *c);

#endif
