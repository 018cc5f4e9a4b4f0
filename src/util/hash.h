/*
 * hash - a hash of text that nobody can foresee
 *
 * SipHash-1-3 with a key of the process's own: who chooses names cannot make
 * them collide.  Never store what it returns.
 */
#ifndef UTIL_HASH_H
#define UTIL_HASH_H

#include <stdint.h>

uint64_t hash_text(const char *text);

#endif
