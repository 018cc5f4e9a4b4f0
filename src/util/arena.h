/*
 * arena - memory that lives exactly as long as one request
 *
 * Everything a request needs is allocated here and released at once when the
 * request ends; nothing is freed piece by piece.  Running out of memory ends
 * the process, so no caller ever checks for NULL.
 */
#ifndef UTIL_ARENA_H
#define UTIL_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);

/* Run the deferred calls, newest first, then wipe and release everything.
 * NULL is allowed and does nothing. */
void arena_free(struct arena *a);

/* For CLEANUP(). */
void arena_release(struct arena **a);

/* Bytes given out so far. */
size_t arena_used(const struct arena *a);

/* Memory that holds anything: for who writes all of it. */
void *arena_take(struct arena *a, size_t size);

/* The memory is zeroed. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_copy(struct arena *a, const void *from, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Texts one after the other, ended by NULL: printf() without its price. */
char *arena_join(struct arena *a, const char *first, ...)
	__attribute__((sentinel));

/* Call fn(ptr) when the arena is freed: for what other libraries own. */
void arena_defer(struct arena *a, void (*fn)(void *), void *ptr);

#endif
