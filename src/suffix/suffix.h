/*
 * suffix - the public suffix list, for core/suffixes
 */
#ifndef SUFFIX_SUFFIX_H
#define SUFFIX_SUFFIX_H

#include "core/suffixes.h"
#include "util/err.h"

/* Debian's list, or the one that libpsl was built with where that is newer.
 * Any number of threads may ask. */
struct suffixes *suffix_open(struct err *e);
void suffix_close(struct suffixes **s);

#endif
