/*
 * problem - errors as application/problem+json (RFC 9457)
 */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "api/route.h"

/* `body` is the codec of the request's body, or NULL.  What failed on our side
 * is told in general words only; the log knows more. */
json_t *problem_word(struct arena *a, const struct err *e, unsigned status,
		     const struct codec *body);

#endif
