/*
 * sanitizer - tell AddressSanitizer and ThreadSanitizer that stacks change
 *
 * Without it they take a switch for a wild jump.  In an ordinary build all of
 * this is nothing.
 */
#ifndef LOOP_SANITIZER_H
#define LOOP_SANITIZER_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZE_ADDRESS 1
#endif
#if __has_feature(thread_sanitizer)
#define SANITIZE_THREAD 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZE_ADDRESS 1
#endif
#ifdef __SANITIZE_THREAD__
#define SANITIZE_THREAD 1
#endif

#ifdef SANITIZE_ADDRESS
#include <sanitizer/common_interface_defs.h>
/* Instrumented frames are several times larger. */
enum { SANITIZER_STACK_FACTOR = 4 };
#else
enum { SANITIZER_STACK_FACTOR = 1 };
static inline void __sanitizer_start_switch_fiber(void **save, const void *low,
						  size_t size)
{
	(void)save, (void)low, (void)size;
}
static inline void __sanitizer_finish_switch_fiber(void *saved,
						   const void **low,
						   size_t *size)
{
	(void)saved, (void)low, (void)size;
}
#endif

#ifdef SANITIZE_THREAD
#include <sanitizer/tsan_interface.h>
#else
static inline void *__tsan_get_current_fiber(void)
{
	return NULL;
}
static inline void *__tsan_create_fiber(unsigned flags)
{
	(void)flags;
	return NULL;
}
static inline void __tsan_destroy_fiber(void *fiber)
{
	(void)fiber;
}
static inline void __tsan_switch_to_fiber(void *fiber, unsigned flags)
{
	(void)fiber, (void)flags;
}
#endif

#endif
