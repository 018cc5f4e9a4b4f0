/*
 * idempotency - requests that clients may send again with the same
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)
 *
 * Every POST may have one, in every dialect.  The second time it is not done
 * but answered as it was; core/requests.h keeps the answer, and core/again.h
 * finds out what was done where there is none.
 */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include "api/route.h"

/* Before the handler: the request is ours to answer, or res is what was
 * answered (`answered`), or it is refused.  Waits for who is just answering
 * it, for a while. */
bool idempotency_begin(struct call *call, struct response *res, bool *answered,
		       struct err *e);

/* When the response is complete: it is the answer from now on, unless trying
 * again may lead to another. */
void idempotency_end(struct call *call, const struct response *res,
		     const struct err *e);

/* For the tests.  A key is a string of RFC 8941, or the same without quotes;
 * ERR_MALFORMED.  NULL if there is none. */
enum { IDEMPOTENCY_KEY_MAX = 255 };
bool idempotency_key(const struct request *req, const char **ret,
		     struct err *e);

/* An answer as it is kept, and back: false if it is none. */
enum { IDEMPOTENCY_BODY_MAX = 262144 }; /* a longer one is kept without */
const char *idempotency_write(struct arena *a, const struct response *res);
bool idempotency_read(struct arena *a, const char *text, struct response *ret);

#endif
