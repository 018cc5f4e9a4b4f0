#include "util/instant.h"

#include <string.h>
#include <time.h>

#include "util/clock.h"

static bool has_form(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00Z";

	for (size_t i = 0; i < sizeof(form); i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';

		if (form[i] == '0' ? !digit : text[i] != form[i])
			return false;
	}
	return true;
}

static int two(const char *digits)
{
	return (digits[0] - '0') * 10 + digits[1] - '0';
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool instant_check(const char *text)
{
	if (!has_form(text))
		return false;
	int year = two(text) * 100 + two(text + 2), month = two(text + 5);
	int day = two(text + 8);

	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_of(year, month) && two(text + 11) < 24 &&
	       two(text + 14) < 60 && two(text + 17) < 60;
}

void instant_text(char text[INSTANT_SIZE], int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(text, INSTANT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int64_t instant_seconds(const char *text)
{
	struct tm tm = {.tm_year = two(text) * 100 + two(text + 2) - 1900,
			.tm_mon = two(text + 5) - 1,
			.tm_mday = two(text + 8),
			.tm_hour = two(text + 11),
			.tm_min = two(text + 14),
			.tm_sec = two(text + 17)};

	return (int64_t)timegm(&tm);
}

bool instant_is_past(const char *text)
{
	char now[INSTANT_SIZE];

	instant_text(now, clock_seconds());
	return strcmp(text, now) <= 0;
}
