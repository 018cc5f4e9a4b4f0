#include "util/clock.h"

#include <string.h>
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

/* Written out once a second, and as often as somebody asks taken from there. */
static const char *second_text(time_t now)
{
	static _Thread_local time_t last;
	static _Thread_local char text[24];
	struct tm tm;

	if (now != last || text[0] == '\0') {
		gmtime_r(&now, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		last = now;
	}
	return text;
}

void clock_text_ago(char text[CLOCK_TEXT], int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	int64_t then = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 - ms;
	int rest = (int)(then % 1000);
	char *to = stpcpy(text, second_text((time_t)(then / 1000)));

	*to++ = '.';
	*to++ = (char)('0' + rest / 100);
	*to++ = (char)('0' + rest / 10 % 10);
	*to++ = (char)('0' + rest % 10);
	*to++ = 'Z';
	*to = '\0';
}

void clock_text(char text[CLOCK_TEXT])
{
	clock_text_ago(text, 0);
}

int64_t clock_seconds(void)
{
	return (int64_t)time(NULL);
}
