/*
 * guard - refuse what libmicrohttpd 0.9.75 lets through (RFC 9110, RFC 9112)
 *
 * It is lenient where a request could mean two things to two servers.  What its
 * API shows is refused here; what it hides is listed in docs/security.md.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include "http/exchange.h"

enum {
	GUARD_HEADERS_MAX = 64,
	GUARD_HEAD_MAX = 16 * 1024, /* bytes of request line and headers */
};

/* What is known once the headers are there. */
struct guard_input {
	const char *method, *target, *version;
	const struct header *headers;
	size_t header_count;
	size_t body_limit; /* bytes */
};

struct guard_verdict {
	unsigned status; /* 0: go on */
	const char *why;
};

struct guard_verdict guard_check(const struct guard_input *in);

#endif
