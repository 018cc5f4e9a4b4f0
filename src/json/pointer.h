/*
 * pointer - JSON Pointer (RFC 6901): a place within a document
 */
#ifndef JSON_POINTER_H
#define JSON_POINTER_H

#include <jansson.h>

#include "util/arena.h"
#include "json/limits.h"

struct json_pointer {
	const char *segments[JSON_DEPTH_MAX];
	size_t count; /* 0: the whole document */
};

/* False: it is none, or goes deeper than any document of ours. */
bool json_pointer_read(struct arena *a, const char *text,
		       struct json_pointer *ret);

/* Whether what `above` names holds what the other names. */
bool json_pointer_is_above(const struct json_pointer *above,
			   const struct json_pointer *p);

/* What its first `count` segments name; NULL: there is nothing. */
json_t *json_pointer_find(json_t *document, const struct json_pointer *p,
			  size_t count);

/* Which element a segment names, one of `count` or the place behind the last;
 * "-" is that place. */
bool json_pointer_index(const char *segment, size_t count, size_t *ret);

#endif
