/*
 * dispatch - the way of every request: find, authenticate, decode, handle, word
 */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include "api/dialect.h"

/* False, with e set, if a route could not be served safely: none goes without
 * the right it asks for.  Call it before serving. */
bool dispatch_check(struct err *e);

/* Fill in the response, whatever the request is, and log it. */
void dispatch(const struct service *s, const struct request *req,
	      struct response *res);

/* Whether a request needs no login and waits for the directory all the same: it
 * counts as those with one do, and its body is small. */
bool dispatch_is_visit(const struct request *req);

#endif
