#include "embedded/base.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static const struct {
	const char *base;
	bool good;
} cases[] = {
	{"dc=provost", true},
	{"o=mail,dc=example,dc=org", true},
	{"ou=a,o=b,dc=c", true},
	{"dc=a-b.c1", true},
	{"", false},
	{"dc", false},
	{"dc=", false},
	{"dc=a,", false},
	{",dc=a", false},
	{"dc=a,,dc=b", false},
	{"dc=a,b", false},
	{"dc=a,dc=", false},
	{"DC=a", false},
	{"dc=A", false},
	{"dc = a", false},
	{"dc=a, dc=b", false},
	{"dc=a b", false},
	{"cn=a", false},
	{"uid=a,dc=b", false},
	{"d=a", false},
	{"dcc=a", false},
	{"dc=a+ou=b", false},
	{"dc=a\\,b", false},
	{"dc=a\n", false},
	{"dc=\xc3\xa9", false},
	{"dc=a\"", false},
	{"dc=a)(b", false},
	{"dc=a;dc=b", false},
};

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err e = {0};

		OK(base_check(cases[i].base, &e) == cases[i].good &&
			   (e.kind == ERR_INVALID) == !cases[i].good,
		   cases[i].base);
	}
	IS(base_entry(a, "dc=provost"),
	   "dn: dc=provost\nobjectClass: dcObject\nobjectClass: organization\n"
	   "o: provost\ndc: provost\n",
	   "a dc has an organization");
	IS(base_entry(a, "o=mail,dc=example,dc=org"),
	   "dn: o=mail,dc=example,dc=org\nobjectClass: organization\n"
	   "o: mail\n",
	   "an o is one");
	IS(base_entry(a, "ou=post,o=mail"),
	   "dn: ou=post,o=mail\nobjectClass: organizationalUnit\nou: post\n",
	   "a unit");
	return tap_done();
}
