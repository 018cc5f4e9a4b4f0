#include "ldap/dn.h"
#include "ldap/whose.h"
#include "tests/lib/tap.h"
#include "util/field.h"

#define DOMAINS "ou=domains,dc=p"
#define ORG "provostDomainName=example.org," DOMAINS

static const struct {
	const char *dn, *domain, *login, *key;
	bool further, known;
} cases[] = {
	{DOMAINS, NULL, NULL, NULL, false, true},
	{ORG, "example.org", NULL, NULL, false, true},
	{"provostdomainname=EXAMPLE.org,OU=Domains,DC=p", "example.org", NULL,
	 NULL, false, true},
	{"mail=Ann@example.org," ORG, "example.org", "ann@example.org", NULL,
	 false, true},
	{"mail=a\\3Db@example.org," ORG, "example.org", "a=b@example.org", NULL,
	 false, true},
	{"mail=a\\=b@example.org," ORG, "example.org", "a=b@example.org", NULL,
	 false, true},
	{"provostKeyId=abc,mail=ann@example.org," ORG, "example.org",
	 "ann@example.org", "abc", false, true},
	{"cn=usage,mail=ann@example.org," ORG, "example.org", "ann@example.org",
	 NULL, true, true},
	{"provostDkimSelector=a," ORG, "example.org", NULL, NULL, true, true},
	{"uid=ann,ou=principals,dc=p", NULL, "ann", NULL, false, true},
	{"provostKeyId=x,uid=ann,ou=principals,dc=p", NULL, "ann", "x", false,
	 true},
	{"mail=a+cn=b," ORG, NULL, NULL, NULL, false, false},
	{"cn=gateway,ou=services,dc=p", NULL, NULL, NULL, false, false},
	{"ou=domains,dc=q", NULL, NULL, NULL, false, false},
	{"dc=p", NULL, NULL, NULL, false, false},
	{"", NULL, NULL, NULL, false, false},
	{"a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,ou=domains,dc=p", NULL, NULL, NULL,
	 false, false},
};

static void parts(struct arena *a)
{
	const char *dn = "mail=a\\2Cb\\\\c,ou=x", *attr, *value;

	OK(dn_take(a, &dn, &attr, &value), "the first part");
	IS(attr, "mail", "its attribute");
	IS(value, "a,b\\c", "its value");
	OK(dn_take(a, &dn, &attr, &value), "the last");
	IS(value, "x", "its value");
	OK(!dn_take(a, &dn, &attr, &value), "and no more");
	dn = "=x";
	OK(!dn_take(a, &dn, &attr, &value), "without an attribute");
	dn = "a,b=c";
	OK(!dn_take(a, &dn, &attr, &value), "without a value");
	dn = "a=b\\";
	OK(dn_take(a, &dn, &attr, &value), "escaping nothing");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct whose w;
		bool known = whose_is(a, "dc=p", cases[i].dn, &w);

		OK(known == cases[i].known, cases[i].dn);
		if (!known)
			continue;
		IS(w.domain, cases[i].domain, "its domain");
		IS(w.login, cases[i].login, "its login");
		IS(w.key, cases[i].key, "its key");
		OK(w.further == cases[i].further, "or something else");
	}
	parts(a);
	return tap_done();
}
