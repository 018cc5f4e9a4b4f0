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

/* Where a fault is in such a body, as a JSON Pointer (RFC 6901); "" if that is
 * not known. */
const char *problem_pointer(struct arena *a, const struct codec *body,
			    const struct fault *f);

/* A key as a part of one, with the slash before it. */
const char *problem_escape(struct arena *a, const char *key);

/* The word for programs. */
const char *problem_code(const struct err *e);

#endif
