/*
 * base64 - RFC 4648 section 4, strictly
 */
#ifndef UTIL_BASE64_H
#define UTIL_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"

/* False for anything but canonical base64 with its padding.  The result is
 * followed by a NUL that does not count. */
bool base64_decode(struct arena *a, const char *text, char **ret, size_t *len);

char *base64_encode(struct arena *a, const void *bytes, size_t len);

#endif
