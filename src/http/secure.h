/*
 * secure - what TLS adds to a connection of libmicrohttpd
 *
 * libmicrohttpd 0.9.75 takes a connection that waits for the rest of a
 * handshake for one that is ready, and would look at it again and again: a
 * single byte would keep a loop busy.  So until its handshake is done a
 * connection is suspended whenever there is nothing to read.
 */
#ifndef HTTP_SECURE_H
#define HTTP_SECURE_H

#include <stdbool.h>

#include "crypto/tls.h"
#include "http/exchange.h"
#include "loop/loop.h"

struct MHD_Connection;
struct channel;

/* Of a server; all zero but these: */
struct secure {
	struct loop *loop;
	struct tls *tls;       /* NULL: there is no TLS, and nothing below does
				* anything */
	bool *due;             /* set when libmicrohttpd has to be run */
	struct channel *awake; /* in their handshake, and looked at */
};

/* Of a connection; all zero without TLS. */
struct channel {
	struct channel *next, **link; /* while it is awake */
	struct secure *all;
	struct MHD_Connection *connection;
	struct tls_end *end;
	struct watch *watch; /* while it is suspended */
	int fd;
	bool doubted; /* its certificate, and that was told */
};

/* libmicrohttpd has accepted it, and not begun its handshake. */
void secure_enter(struct secure *s, struct channel *c,
		  struct MHD_Connection *connection);

/* It is being closed. */
void secure_leave(struct channel *c);

/* Call after each run of libmicrohttpd. */
void secure_rest(struct secure *s);

/* None may be suspended when libmicrohttpd is stopped. */
void secure_wake(struct channel *c);

/* Tell with a request whose certificate the client has.  One that proves
 * nothing is none, and why is logged once. */
void secure_show(struct channel *c, struct request *req);

#endif
