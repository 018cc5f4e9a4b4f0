/*
 * instant - moments in time as clients and we write them: RFC 3339 in UTC, to
 * the second, "2026-11-21T09:12:00Z"
 *
 * In this form earlier moments sort before later ones, byte by byte.
 */
#ifndef UTIL_INSTANT_H
#define UTIL_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

enum { INSTANT_SIZE = 21 }; /* with the NUL */

/* Whether it is one that exists; a leap second does not. */
bool instant_check(const char *text);

/* Seconds since 1970 in this form; from the year 0 to 9999. */
void instant_text(char text[INSTANT_SIZE], int64_t seconds);

/* Back; of a good one. */
int64_t instant_seconds(const char *text);

/* Whether that moment has come; by the time of day. */
bool instant_is_past(const char *text);

#endif
