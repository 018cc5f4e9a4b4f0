/*
 * random - unpredictable bytes from the kernel
 */
#ifndef UTIL_RANDOM_H
#define UTIL_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"

void random_bytes(void *to, size_t size);

/* A word of that many characters from a-z and 1-9 without i, l and o: five
 * bits each, easy to read aloud and safe in names of files. */
char *random_word(struct arena *a, size_t length);

/* The word that as many bytes stand for. */
char *random_spell(struct arena *a, const unsigned char *bytes, size_t length);

/* Such a word as a name for something, not as a secret: drawn from a store of
 * the thread's, so that most cost no system call. */
char *random_name(struct arena *a, size_t length);

/* Such a name, of more than RANDOM_DATE characters, that begins with a moment
 * in seconds since 1970, so that what is kept by time is found by it; and that
 * moment again.  False if it is no such name. */
enum { RANDOM_DATE = 7 };
char *random_dated_name(struct arena *a, int64_t seconds, size_t length);
bool random_date(const char *name, int64_t *ret);

#endif
