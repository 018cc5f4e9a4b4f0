/*
 * fetch - a document that somebody publishes under https
 *
 * Over TLS 1.2 or later from the very server that the address names: no other
 * protocol, no redirection, no proxy, and nothing of our own goes along but a
 * number by which both sides find it in their logs.
 */
#ifndef CLIENT_FETCH_H
#define CLIENT_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/err.h"

struct fetch {
	const char *url;
	const char *ca_file;     /* PEM; NULL: the system's authorities */
	size_t limit;            /* bytes; a longer document is an error */
	long seconds;            /* until it has to be here as a whole */
	const char *traceparent; /* NULL: none is sent */
};

/* Call once, before there are threads. */
void fetch_prepare(void);

bool fetch_is_url(const char *url);

/* Blocks: it belongs on a pool.  The text ends in a NUL that does not count. */
bool fetch_document(struct arena *a, const struct fetch *what, const char **ret,
		    size_t *size, struct err *e);

#endif
