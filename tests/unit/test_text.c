#include "tests/lib/tap.h"
#include "util/text.h"

static const struct {
	const char *text;
	bool clean;
} utf8[] = {
	{"", true},
	{"plain", true},
	{"\x7e", true},
	{"tab\t", false},
	{"line\n", false},
	{"\x01", false},
	{"\x1f", false},
	{"\x7f", false},
	{"\xc2\x80", false},             /* C1 */
	{"\xc2\x9f", false},             /* the last of them */
	{"\xc2\xa0", true},              /* no-break space */
	{"\xc3\xa9", true},              /* U+00E9 */
	{"\xdf\xbf", true},              /* U+07FF */
	{"\xe0\xa0\x80", true},          /* U+0800 */
	{"\xe2\x80\xa7", true},          /* U+2027 */
	{"\xe2\x80\xa8", false},         /* line separator */
	{"\xe2\x80\xa9", false},         /* paragraph separator */
	{"\xe2\x80\xaa", true},          /* U+202A */
	{"\xed\x9f\xbf", true},          /* U+D7FF */
	{"\xed\xa0\x80", false},         /* the first surrogate */
	{"\xed\xbf\xbf", false},         /* the last */
	{"\xee\x80\x80", true},          /* U+E000 */
	{"\xef\xbf\xbf", true},          /* U+FFFF */
	{"\xf0\x90\x80\x80", true},      /* U+10000 */
	{"\xf4\x8f\xbf\xbf", true},      /* U+10FFFF */
	{"\xf4\x90\x80\x80", false},     /* beyond */
	{"\xf7\xbf\xbf\xbf", false},     /* far beyond */
	{"\xf8\x88\x80\x80\x80", false}, /* five bytes */
	{"\xfe", false},
	{"\xff", false},
	{"\x80", false}, /* continuation alone */
	{"\xbf", false},
	{"\xc0\x80", false},         /* overlong NUL */
	{"\xc1\xbf", false},         /* overlong */
	{"\xe0\x80\x80", false},     /* overlong */
	{"\xe0\x9f\xbf", false},     /* overlong */
	{"\xf0\x80\x80\x80", false}, /* overlong */
	{"\xf0\x8f\xbf\xbf", false}, /* overlong */
	{"\xc3", false},             /* cut off */
	{"\xe2\x82", false},
	{"\xf0\x9f\x98", false},
	{"\xc3(", false},
	{"\xe2\x28\xa1", false},
	{"\xf0\x9f\x98\x80 ok", true},
};

static const struct {
	const char *text;
	int64_t min, max, want;
	bool good;
} numbers[] = {
	{"0", 0, 10, 0, true},
	{"10", 0, 10, 10, true},
	{"11", 0, 10, 0, false},
	{"-1", -5, 5, -1, true},
	{"-1", 0, 5, 0, false},
	{"007", 0, 10, 7, true},
	{"", 0, 10, 0, false},
	{"-", -5, 5, 0, false},
	{"+1", 0, 10, 0, false},
	{" 1", 0, 10, 0, false},
	{"1 ", 0, 10, 0, false},
	{"\t1", 0, 10, 0, false},
	{"1.0", 0, 10, 0, false},
	{"0x10", 0, 100, 0, false},
	{"1e1", 0, 100, 0, false},
	{"--1", -5, 5, 0, false},
	{"- 1", -5, 5, 0, false},
	{"-+1", -5, 5, 0, false},
	{"9223372036854775807", 0, INT64_MAX, INT64_MAX, true},
	{"9223372036854775808", 0, INT64_MAX, 0, false},
	{"-9223372036854775808", INT64_MIN, 0, INT64_MIN, true},
	{"-9223372036854775809", INT64_MIN, 0, 0, false},
	{"99999999999999999999999", 0, INT64_MAX, 0, false},
};

static const struct {
	const char *template, *want;
} fills[] = {
	{"", ""},
	{"no names", "no names"},
	{"@NAME@", "Ann"},
	{"a@NAME@b@LONG_NAME@c", "aAnnbxc"},
	{"@NAME@@NAME@", "AnnAnn"},
	{"@EMPTY@.", "."},
	{"@UNKNOWN@", "@UNKNOWN@"},
	{"@UNKNOWN@NAME@", "@UNKNOWNAnn"},
	{"ann@example.org", "ann@example.org"},
	{"@", "@"},
	{"@@", "@@"},
	{"@@NAME@@", "@Ann@"},
	{"@NAME", "@NAME"},
	{"NAME@", "NAME@"},
	{"@name@", "@name@"},
	{"@NAME1@", "@NAME1@"},
	{"@NAM@", "@NAM@"},
	{"@NAMES@", "@NAMES@"},
	{"@SELF@", "@SELF@"},
	{"by * none @NAME@\n@NAME@\n", "by * none Ann\nAnn\n"},
};

static const struct {
	const char *text, *mended;
} broken[] = {
	{"", ""},
	{"whole \xe2\x82\xac\n", "whole \xe2\x82\xac\n"},
	{"cut \xc3", "cut ?"},
	{"cut \xe2\x82", "cut ??"},
	{"\xf0\x9f\x98 and on", "??? and on"},
	{"\xe2\x82\xc3\xa9", "??\xc3\xa9"},
	{"\xff\xed\xa0\x80", "????"},
};

static void mending(struct arena *a)
{
	for (size_t i = 0; i < COUNT(broken); i++) {
		char *text = arena_strdup(a, broken[i].text);

		text_mend(text);
		IS(text, broken[i].mended, "what is no UTF-8 is replaced");
	}
}

static void comparisons(struct arena *a)
{
	const char *ab[] = {"a", "b"}, *ba[] = {"b", "a"};

	IS(text_lower(a, "MiXeD-09@[`{"), "mixed-09@[`{", "lower case");
	IS(text_lower(a, "\xc3\x84"), "\xc3\x84", "of ASCII letters alone");
	OK(text_equal(NULL, NULL), "two NULLs are equal");
	OK(!text_equal(NULL, "") && !text_equal("", NULL), "NULL is not empty");
	OK(text_equal("x", "x") && !text_equal("x", "X"), "case counts");
	OK(text_list_equal((struct text_list){ab, 2},
			   (struct text_list){ab, 2}),
	   "equal lists");
	OK(!text_list_equal((struct text_list){ab, 2},
			    (struct text_list){ba, 2}),
	   "the order counts");
	OK(!text_list_equal((struct text_list){ab, 2},
			    (struct text_list){ab, 1}),
	   "the length counts");
	OK(text_list_equal((struct text_list){0}, (struct text_list){ab, 0}),
	   "empty lists");
}

static void decimals(void)
{
	static const int64_t numbers_too[] = {0,  7,   10,        200,
					      -1, -90, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < COUNT(numbers_too); i++) {
		char text[TEXT_DECIMAL], want[32];

		snprintf(want, sizeof(want), "%lld", (long long)numbers_too[i]);
		IS(text_decimal(text, numbers_too[i]), want, want);
	}
}

int main(void)
{
	static const char *const pairs[] = {"NAME", "Ann",    "LONG_NAME",
					    "x",    "EMPTY",  "",
					    "SELF", "@SELF@", NULL};
	CLEANUP(arena_release) struct arena *a = arena_new();

	comparisons(a);
	mending(a);
	for (size_t i = 0; i < COUNT(utf8); i++)
		OK(text_is_clean(utf8[i].text) == utf8[i].clean, utf8[i].text);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		int64_t got = 0;
		bool good = text_number(numbers[i].text, numbers[i].min,
					numbers[i].max, &got);

		OK(good == numbers[i].good && got == numbers[i].want,
		   numbers[i].text);
	}
	decimals();
	for (size_t i = 0; i < COUNT(fills); i++)
		IS(text_fill(a, fills[i].template, pairs), fills[i].want,
		   fills[i].template);
	return tap_done();
}
