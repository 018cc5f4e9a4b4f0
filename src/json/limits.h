/*
 * limits - how large and deep JSON may be, found out before it is parsed
 *
 * One pass over the bytes, no recursion, no memory: what nests too deeply or
 * holds too much never reaches the parser.
 */
#ifndef JSON_LIMITS_H
#define JSON_LIMITS_H

#include <stddef.h>

#include "util/err.h"

enum {
	JSON_DEPTH_MAX = 16,       /* objects and arrays within each other */
	JSON_KEYS_MAX = 256,       /* of one object */
	JSON_ELEMENTS_MAX = 12000, /* values in all */
};

bool json_limits_check(const char *text, size_t size, struct err *e);

/* With another number of values in all. */
bool json_limits_check_within(const char *text, size_t size, unsigned most,
			      struct err *e);

#endif
