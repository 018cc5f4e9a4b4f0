#include "ldap/filter.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static const struct {
	const char *value, *want;
} cases[] = {
	{"ann@example.org", "(mail=ann@example.org)"},
	{"", "(mail=)"},
	{"*", "(mail=\\2a)"},
	{"a*", "(mail=a\\2a)"},
	{"*)(uid=*", "(mail=\\2a\\29\\28uid=\\2a)"},
	{"a\\b", "(mail=a\\5cb)"},
	{"\\2a", "(mail=\\5c2a)"},
	{"a\nb\x01", "(mail=a\\0ab\\01)"},
	{"\x7f", "(mail=\\7f)"},
	{"\xc3\xa9", "(mail=\\c3\\a9)"},
	{"a&|!=<>~", "(mail=a&|!=<>~)"},
	{" ", "(mail= )"},
};

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *one = filter_equal(a, "a", "1"),
		   *two = filter_equal(a, "b", "2");
	const char *const parts[] = {one, two, one};

	for (size_t i = 0; i < COUNT(cases); i++)
		IS(filter_equal(a, "mail", cases[i].value), cases[i].want,
		   cases[i].value);
	IS(filter_from(a, "n", "1*"), "(n>=1\\2a)", "that and more");
	IS(filter_to(a, "n", "1"), "(n<=1)", "that and less");
	IS(filter_present(a, "mail"), "(mail=*)", "any value");
	IS(filter_begins(a, "mail", "a*b"), "(mail=a\\2ab*)", "a beginning");
	IS(filter_contains(a, "cn", "a"), "(cn=*a*)", "a part");
	IS(filter_contains(a, "cn", "a)(b"), "(cn=*a\\29\\28b*)",
	   "a part is no grammar");
	IS(filter_and(a, one, two), "(&(a=1)(b=2))", "both");
	IS(filter_any(a, parts, 3), "(|(a=1)(b=2)(a=1))", "any of three");
	IS(filter_any(a, parts, 1), "(|(a=1))", "any of one");
	IS(filter_and(a, two, filter_any(a, parts, 2)), "(&(b=2)(|(a=1)(b=2)))",
	   "within each other");
	return tap_done();
}
