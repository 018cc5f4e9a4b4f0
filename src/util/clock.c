#include "util/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_micros(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now(void)
{
	return clock_micros() / 1000;
}

void clock_text(char text[CLOCK_TEXT])
{
	struct timespec t;
	struct tm tm;
	char date[24];

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	if (snprintf(text, CLOCK_TEXT, "%s.%03ldZ", date, t.tv_nsec / 1000000) <
	    0)
		text[0] = '\0';
}
