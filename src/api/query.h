/*
 * query - the parameters behind the '?'
 */
#ifndef API_QUERY_H
#define API_QUERY_H

#include "api/route.h"

/* Fill call->query; parameters that the route does not know, that stand there
 * twice or that are malformed are ERR_MALFORMED. */
bool query_parse(struct call *call, struct err *e);

/* ERR_MALFORMED if a parameter is called as if it were a credential: what is in
 * a URL ends up in logs, histories and other sites. */
bool query_has_no_credential(const struct request *req, struct err *e);

/* One percent-encoded text; '+' is not a blank.  NULL if it is malformed or
 * has a control character in it. */
const char *query_decode(struct arena *a, const char *text, size_t size);

/* Back: whatever could mean something there is percent-encoded. */
const char *query_encode(struct arena *a, const char *text);

#endif
