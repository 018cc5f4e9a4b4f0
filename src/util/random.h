/*
 * random - unpredictable bytes from the kernel
 */
#ifndef UTIL_RANDOM_H
#define UTIL_RANDOM_H

#include <stddef.h>

#include "util/arena.h"

void random_bytes(void *to, size_t size);

/* A word of that many characters from a-z and 1-9 without i, l and o: five
 * bits each, easy to read aloud and safe in names of files. */
char *random_word(struct arena *a, size_t length);

/* Such a word as a name for something, not as a secret: drawn from a store of
 * the thread's, so that most cost no system call. */
char *random_name(struct arena *a, size_t length);

#endif
