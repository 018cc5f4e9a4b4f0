/*
 * auth - the credentials in a request (RFC 7617)
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include <stdbool.h>

#include "http/exchange.h"

/* False if there are none, or none that can be understood. */
bool auth_basic(const struct request *req, const char **name,
		const char **password);

#endif
