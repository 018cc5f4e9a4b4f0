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

/* Seconds of the day's time since 1970 (UTC); may be set back. */
int64_t clock_seconds(void);

enum { CLOCK_TEXT = 32 };

/* The time of day as RFC 3339 in UTC with milliseconds, for log lines. */
void clock_text(char text[CLOCK_TEXT]);

/* The same for that many milliseconds ago. */
void clock_text_ago(char text[CLOCK_TEXT], int64_t ms);

#endif
