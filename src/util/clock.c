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

void clock_text_ago(char text[CLOCK_TEXT], int64_t ms)
{
	struct timespec t;
	struct tm tm;
	char date[24];

	clock_gettime(CLOCK_REALTIME, &t);
	int64_t then = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 - ms;
	time_t seconds = (time_t)(then / 1000);
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	if (snprintf(text, CLOCK_TEXT, "%s.%03dZ", date, (int)(then % 1000)) <
	    0)
		text[0] = '\0';
}

void clock_text(char text[CLOCK_TEXT])
{
	clock_text_ago(text, 0);
}

int64_t clock_seconds(void)
{
	return (int64_t)time(NULL);
}
