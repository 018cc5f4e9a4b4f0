/*
 * clock - what time it is
 */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdint.h>

/* Milliseconds that only ever grow: for deadlines. */
int64_t clock_now(void);

/* Microseconds that only ever grow: for measuring. */
int64_t clock_micros(void);

enum { CLOCK_TEXT = 32 };

/* The time of day as RFC 3339 in UTC with milliseconds, for log lines. */
void clock_text(char text[CLOCK_TEXT]);

#endif
