/*
 * request_names - what is derived of a request's key and of the secret that the
 * gateways share
 */
#ifndef LDAP_REQUEST_NAMES_H
#define LDAP_REQUEST_NAMES_H

#include "core/requests.h"

enum { REQUEST_SECRET = 52 }; /* characters of it, of 5 bits each */

struct request_names {
	const char *id, *caller, *content; /* in hexadecimal */
	const char *mark; /* of what it makes: another for other content */
	const unsigned char *seal; /* SEALING_KEY bytes */
};

/* Of the request, and of what it is told by besides its key: whoever came with
 * an API key is another than its owner. */
struct request_names request_names(const struct task *t, const char *secret,
				   const struct asked *asked,
				   unsigned char origin[ORIGIN_BYTES]);

#endif
