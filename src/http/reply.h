/*
 * reply - a response as libmicrohttpd takes it
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <stdbool.h>

#include "http/exchange.h"

struct MHD_Response;

/* With all its headers and the request's id; its body is what the outlet gives,
 * if there is one.  `close`: the connection is to end with it.  NULL: there is
 * no memory for it. */
struct MHD_Response *reply_make(const struct response *res, const char *id,
				bool close, struct outlet *o);

/* A refusal in the form of RFC 9457, before any dialect is known. */
void reply_refusal(struct response *res, struct arena *a, unsigned status,
		   const char *why);

#endif
