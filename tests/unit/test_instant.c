#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/instant.h"

static const struct {
	const char *text;
	bool good;
} cases[] = {
	{"2026-11-21T09:12:00Z", true},
	{"0000-01-01T00:00:00Z", true},
	{"9999-12-31T23:59:59Z", true},
	{"2024-02-29T00:00:00Z", true},
	{"2000-02-29T00:00:00Z", true},
	{"1900-02-29T00:00:00Z", false},
	{"2026-02-29T00:00:00Z", false},
	{"2026-04-31T00:00:00Z", false},
	{"2026-13-01T00:00:00Z", false},
	{"2026-00-01T00:00:00Z", false},
	{"2026-01-00T00:00:00Z", false},
	{"2026-01-01T24:00:00Z", false},
	{"2026-01-01T00:60:00Z", false},
	{"2016-12-31T23:59:60Z", false},
	{"2026-01-01t00:00:00Z", false},
	{"2026-01-01 00:00:00Z", false},
	{"2026-01-01T00:00:00", false},
	{"2026-01-01T00:00:00z", false},
	{"2026-01-01T00:00:00+00:00", false},
	{"2026-01-01T00:00:00.5Z", false},
	{"2026-01-01T00:00:00ZZ", false},
	{"", false},
	{"2026", false},
	{"2O26-01-01T00:00:00Z", false},
};

int main(void)
{
	char text[INSTANT_SIZE];

	for (size_t i = 0; i < COUNT(cases); i++)
		NUMBER(instant_check(cases[i].text), cases[i].good,
		       cases[i].text);
	instant_text(text, 0);
	IS(text, "1970-01-01T00:00:00Z", "the beginning");
	instant_text(text, 1772325296);
	IS(text, "2026-03-01T00:34:56Z", "another moment");
	NUMBER(instant_seconds(text), 1772325296, "and back");
	NUMBER(instant_seconds("1969-12-31T23:59:59Z"), -1, "before it");
	OK(instant_is_past("2000-01-01T00:00:00Z"), "that is past");
	OK(!instant_is_past("9999-01-01T00:00:00Z"), "and that is to come");
	return tap_done();
}
