#include "ldap/inspect.h"
#include "tests/lib/tap.h"

enum { VALUES = 4 };

#define CSN(time, server) \
	"202611212040" time ".000000Z#000000#" server "#000000"

static const struct {
	const char *what, *was[VALUES], *is[VALUES];
	size_t writers;
} cases[] = {
	{"nothing is shown", {NULL}, {NULL}, 0},
	{"nothing was written", {CSN("01", "001")}, {CSN("01", "001")}, 0},
	{"one writes", {CSN("01", "001")}, {CSN("02", "001")}, 1},
	{"one of two writes",
	 {CSN("01", "001"), CSN("01", "002")},
	 {CSN("01", "002"), CSN("02", "001")},
	 1},
	{"both write",
	 {CSN("01", "001"), CSN("01", "002")},
	 {CSN("03", "001"), CSN("02", "002")},
	 2},
	{"one is shown for the first time",
	 {CSN("01", "001")},
	 {CSN("03", "001"), CSN("02", "00a")},
	 1},
	{"what is no number", {"x", "y#z"}, {"y", "x#z"}, 0},
};

static const struct berval *list(const char *const texts[], struct berval *ret)
{
	size_t count = 0;

	for (; count < VALUES && texts[count] != NULL; count++) {
		union {
			const char *is;
			char *taken;
		} u = {.is = texts[count]};

		ret[count] = (struct berval){strlen(u.is), u.taken};
	}
	ret[count] = (struct berval){0, NULL};
	return ret;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct berval was[VALUES + 1], is[VALUES + 1];

		NUMBER((long)inspect_writers(list(cases[i].was, was),
					     list(cases[i].is, is)),
		       (long)cases[i].writers, cases[i].what);
	}
	return tap_done();
}
