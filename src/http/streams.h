/*
 * streams - how many replies are being made over time, of whom
 *
 * Each holds a connection and a fiber for as long as its client likes.  One
 * table for all loops; all functions are for any thread.
 */
#ifndef HTTP_STREAMS_H
#define HTTP_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"

struct streams;
struct stream_place;

struct streams *streams_new(void);
void streams_free(struct streams **s); /* accepts NULL */

/* Take a place among at most `all`, of which a source and a login have `each`
 * at most.  ERR_LIMIT: all are taken; ERR_RATE: theirs are. */
bool streams_enter(struct streams *s, int64_t all, int64_t each,
		   const char *source, const char *login,
		   struct stream_place **ret, struct err *e);
void streams_leave(struct streams *s, struct stream_place **place);

#endif
