/*
 * alloc - memory that outlives requests, or none at all
 *
 * Running out of memory ends the process, with a word why: what is written to
 * the directory is whole or not there, and who started us starts us again.
 */
#ifndef UTIL_ALLOC_H
#define UTIL_ALLOC_H

#include <stddef.h>

/* Zeroed; never NULL.  For free(). */
void *alloc_zeroed(size_t size);

/* For a library that lets us allocate for it; never NULL either. */
void *alloc_plain(size_t size);

/* For what a library refuses only when it has no memory. */
_Noreturn void alloc_die(void);

#endif
