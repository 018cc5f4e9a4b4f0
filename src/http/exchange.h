/*
 * exchange - a request and its reply, without the library that carries them
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"

struct header {
	const char *name, *value;
};

struct request {
	struct arena *arena; /* lives until the reply was sent */
	const char *id;      /* unique; goes into the log and the reply */
	const char *method;
	const char *path;   /* as sent, still percent-encoded */
	const char *query;  /* what follows '?', as sent, or NULL */
	const char *source; /* the client's address: the peer's, or what a
			     * trusted proxy says */
	const char *source_network; /* what counts as one source: that, or its
				     * /64 */
	const char *certificate;    /* SHA-256 of the client's, in hex, if it is
				     * good; or NULL */
	const char *subject;        /* of that, by RFC 4514; or NULL */
	const struct header *headers;
	size_t header_count;
	const char *body; /* NUL behind it does not count */
	size_t body_size;
	int64_t began;    /* by clock_micros() */
	int64_t deadline; /* by clock_now() */
};

enum { RESPONSE_HEADERS = 20 };

/* Makes a body over time; see http/outlet.h. */
struct outlet;
typedef void stream_fn(void *ctx, struct outlet *o);

struct response {
	unsigned status;
	const char *type; /* of the body */
	const char *body; /* NULL: none */
	size_t body_size;
	stream_fn *stream; /* instead; it is called in any case */
	void *stream_ctx;
	struct header headers[RESPONSE_HEADERS];
	size_t header_count;
};

/* NULL if it was not sent.  Case does not matter. */
const char *request_header(const struct request *req, const char *name);

/* More than RESPONSE_HEADERS end the process: a reply's headers are ours. */
void response_header(struct response *res, const char *name, const char *value);

/* Instead of the value it has so far. */
void response_header_again(struct response *res, const char *name,
			   const char *value);

#endif
