/*
 * trace - which request of which program something belongs to (W3C Trace
 * Context)
 */
#ifndef UTIL_TRACE_H
#define UTIL_TRACE_H

#include <stdbool.h>

#include "util/arena.h"

enum { TRACE_ID = 32, TRACE_SPAN = 16, TRACE_STATE_MAX = 1024 };

struct trace {
	char id[TRACE_ID + 1];       /* the same from end to end, in hex */
	char parent[TRACE_SPAN + 1]; /* what called us; "": nobody did */
	char span[TRACE_SPAN + 1];   /* what we do about it */
	bool sampled;                /* somebody records it */
	const char *state; /* tracestate, to be passed on as it is; or NULL */
};

/* A value of "traceparent".  False, with nothing set, unless it is good to the
 * letter; then a span of ours has begun. */
bool trace_read(const char *text, struct trace *ret);

/* Whether a value of "tracestate" may be passed on. */
bool trace_state_is_good(const char *text);

/* Of nobody else: begin one. */
void trace_begin(struct trace *ret);

/* "traceparent" for whatever is asked of others. */
const char *trace_text(struct arena *a, const struct trace *t);

#endif
