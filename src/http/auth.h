/*
 * auth - the credentials in a request (RFC 7617, RFC 6750)
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include <stdbool.h>

#include "http/exchange.h"

enum auth_scheme {
	AUTH_BASIC = 1 << 0,   /* base64 of name:password */
	AUTH_BEARER = 1 << 1,  /* a key or token */
	AUTH_API_KEY = 1 << 2, /* ApiKey name:key */
};

struct auth {
	enum auth_scheme scheme;
	const char *name; /* NULL: it came without */
	const char *secret;
};

/* False if there are none in one of these schemes, or none that can be
 * understood. */
bool auth_read(const struct request *req, unsigned schemes, struct auth *ret);

#endif
