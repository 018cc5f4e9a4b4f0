/*
 * base64 - RFC 4648, strictly
 */
#ifndef UTIL_BASE64_H
#define UTIL_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"

/* False for anything but canonical base64 with its padding.  The result is
 * followed by a NUL that does not count. */
bool base64_decode(struct arena *a, const char *text, char **ret, size_t *len);

/* The same of that many bytes of base64url (section 5) without any padding. */
bool base64_decode_url(struct arena *a, const char *text, size_t size,
		       char **ret, size_t *len);

char *base64_encode(struct arena *a, const void *bytes, size_t len);

#endif
