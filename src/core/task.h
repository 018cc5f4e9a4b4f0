/*
 * task - on whose behalf something is done, until when, in which memory
 *
 * A task belongs to one request; everything made for it lives in its arena.
 */
#ifndef CORE_TASK_H
#define CORE_TASK_H

#include <stdint.h>

#include "util/arena.h"

struct rehearsal;
struct scope;
struct trace;

/* How somebody has shown who he is. */
enum proof {
	PROOF_PASSWORD,
	PROOF_KEY,         /* an API key of his */
	PROOF_CERTIFICATE, /* of his client, shown to TLS */
	PROOF_TOKEN,       /* a JWT (RFC 7519) that somebody trusted signed */
};

struct caller {
	const char *login; /* an address, or a principal's name without '@' */
	const char *identity; /* what the store calls him; opaque to others */
	enum proof proof;
	const char *key; /* the id of the API key he came with, or NULL */
	const struct scope *scope; /* what he may ask for with it; NULL: all
				    * that he may do at all */
};

struct task {
	struct arena *arena;
	const struct caller *caller;
	int64_t deadline; /* by clock_now() */

	/* Nothing is written, and what would be is noted there; NULL: it is. */
	struct rehearsal *rehearsal;

	/* For the trail of changes; NULL: nobody has asked for it. */
	const char *request; /* its X-Request-Id */
	const char *source;  /* the client's address */

	const struct trace *trace; /* it belongs to; or NULL */
};

#endif
