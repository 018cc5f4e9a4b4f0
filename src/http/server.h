/*
 * server - HTTP/1.1 on one loop: each request is served on a fiber of its own
 *
 * Every wait has an absolute deadline: a client that sends its headers or body
 * too slowly is cut off, however regularly its bytes drip.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "crypto/tls.h"
#include "http/exchange.h"
#include "http/settings.h"
#include "http/sources.h"
#include "loop/loop.h"

struct server;

/* Fill in the response; it may wait.  Called on a fiber. */
typedef void serve_fn(void *ctx, const struct request *req,
		      struct response *res);

struct server_parts {
	struct loop *loop;
	const struct http_settings *settings;
	struct sources *sources;
	struct tls *tls; /* NULL: plain HTTP */
	unsigned loops;  /* among which connections are shared out */
	int listener;    /* taken over, also on failure */
	serve_fn *serve;
	/* Whether it needs no credentials and is served like those with some;
	 * NULL: none is. */
	bool (*is_visit)(const struct request *req);
	void *ctx;
};

/* Everything in parts must outlive it.  NULL, with e set, on failure. */
struct server *server_open(const struct server_parts *parts, struct err *e);

/* End all replies that are being made over time: their clients come again. */
void server_end_streams(struct server *s);

/* Accept nobody any more and let go of those who ask nothing. */
void server_quiesce(struct server *s);

/* Let go of everybody: requests that are still being sent are lost, replies cut
 * off.  Those that are being served stay under way until they are done. */
void server_cut_off(struct server *s);

/* True when no request is under way. */
bool server_is_idle(const struct server *s);

/* Must be idle.  Accepts NULL. */
void server_close(struct server **s);

#endif
