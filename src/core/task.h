/*
 * task - on whose behalf something is done, until when, in which memory
 *
 * A task belongs to one request; everything made for it lives in its arena.
 */
#ifndef CORE_TASK_H
#define CORE_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"

struct ahead;
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
	uint64_t heard; /* what had been heard of changes before he proved it;
			 * opaque: see login's stands() */
};

/* A request that may come again, at another gateway, too. */
enum { ORIGIN_BYTES = 128 };
struct origin {
	const char *mark; /* what it adds carries this; of no other request */
	bool again;       /* it may have been done before, or half of it */
	unsigned char bytes[ORIGIN_BYTES]; /* the same each time, and secret: as
					    * good as random ones */
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

	const struct trace *trace;   /* it belongs to; or NULL */
	const struct origin *origin; /* NULL: it comes once */
	const struct ahead *ahead;   /* what was asked for it before, or NULL */
	bool unread; /* nobody wants to know what a new record became */

	/* One of many that are brought in as they were elsewhere: a domain
	 * that is disabled has users there, too. */
	bool bulk;
};

#endif
