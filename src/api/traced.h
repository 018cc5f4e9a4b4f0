/*
 * traced - to which trace of its caller's a request belongs (W3C Trace Context)
 */
#ifndef API_TRACED_H
#define API_TRACED_H

#include "http/exchange.h"
#include "util/trace.h"

/* NULL if the client sent no traceparent: its X-Request-Id will do.  Of one
 * that is not good another is begun.  The reply tells which it is, where a
 * browser shows it. */
const struct trace *traced(const struct request *req, struct response *res);

#endif
