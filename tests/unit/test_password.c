#include "core/password.h"
#include "tests/lib/tap.h"
#include "util/field.h"

#define K64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *clear;
	bool good;
} cases[] = {
	{"x", true},
	{"correct horse battery staple", true},
	{"p\xc3\xa4ssw\xc3\xb6rd", true},
	{"\xf0\x9f\x98\x80", true},
	{" ", true},
	{"a:b", true},
	{K64 K64 K64 K64, true},
	{K64 K64 K64 K64 "x", false},
	{"", false},
	{"a\nb", false},
	{"a\rb", false},
	{"\t", false},
	{"\x7f", false},
	{"\xc2\x85", false},
	{"\xff", false},
	{"\xc3", false},
};

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *one = password_generate(a), *other = password_generate(a);
	struct err e = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		err_clear(&e);
		bool good = password_check(cases[i].clear, &e);

		OK(good == cases[i].good, cases[i].clear);
		OK(good || cases[i].clear[0] == '\0' ||
			   strstr(e.text, cases[i].clear) == NULL,
		   "it is not repeated");
	}
	NUMBER(strlen(one), 23, "four groups of five, and three dashes");
	OK(one[5] == '-' && one[11] == '-' && one[17] == '-', "at their place");
	OK(password_check(one, &e), "a password we make is one");
	OK(strcmp(one, other) != 0, "each time another");
	return tap_done();
}
