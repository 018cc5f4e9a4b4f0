#include "ldap/schema.h"
#include "tests/lib/tap.h"

static const struct {
	enum kind kind;
	const char *key, *dn;
} cases[] = {
	{KIND_DOMAIN, "example.org",
	 "provostDomainName=example.org,ou=domains,dc=x"},
	{KIND_USER, "ann@example.org",
	 "mail=ann@example.org,provostDomainName=example.org,ou=domains,dc=x"},
	{KIND_ALIAS, "@example.org",
	 "mail=@example.org,provostDomainName=example.org,ou=domains,dc=x"},
	{KIND_USER, "a,b@x,dc=y",
	 "mail=a\\2Cb@x\\2Cdc\\3Dy,provostDomainName=x\\2Cdc\\3Dy,"
	 "ou=domains,dc=x"},
	{KIND_USER, "nobody", NULL},
	{KIND_ALIAS, "", NULL},
};

static const struct {
	const char *name, *dn;
} logins[] = {
	{"ann@example.org",
	 "mail=ann@example.org,provostDomainName=example.org,ou=domains,dc=x"},
	{"admin", "uid=admin,ou=principals,dc=x"},
	{"a+b", "uid=a\\2Bb,ou=principals,dc=x"},
	{"cn=gateway,ou=services",
	 "uid=cn\\3Dgateway\\2Cou\\3Dservices,ou=principals,dc=x"},
};

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++)
		IS(schema_dn(a, "dc=x", cases[i].kind, cases[i].key),
		   cases[i].dn, cases[i].key);
	for (size_t i = 0; i < COUNT(logins); i++)
		IS(schema_login_dn(a, "dc=x", logins[i].name), logins[i].dn,
		   logins[i].name);
	IS(schema_domains_dn(a, "dc=x"), "ou=domains,dc=x", "domains");
	IS(schema_administrators_dn(a, "dc=x"),
	   "cn=administrators,ou=roles,dc=x", "administrators");
	IS(schema_member_filter(a, "mail=a\\2Cb,dc=x"),
	   "(member=mail=a\\5c2Cb,dc=x)", "one of them");
	IS(schema_class_filter(a, KIND_USER), "(objectClass=provostUser)",
	   "users");
	IS(schema_target_filter(a, "a*.example"),
	   "(&(provostTargetDomain=a\\2a.example)(provostDomainKind=alias))",
	   "those that lead to a domain");
	for (enum kind k = KIND_DOMAIN; k < KIND_MAIL_COUNT; k++)
		IS(schema_signpost(k)->class, schema_of(k)->map.class,
		   "the same entries, read in another way");
	for (enum kind k = KIND_DOMAIN; k < KIND_COUNT; k++) {
		bool key = false;

		for (const struct map_attr *at = schema_of(k)->map.attrs;
		     at->name != NULL; at++)
			key = key ||
			      (strcmp(at->name, schema_of(k)->key) == 0 &&
			       at->field.offset == kind_rules(k)->key.offset &&
			       at->flags & MAP_FIXED);
		OK(key, "the naming attribute is the record's key, and fixed");
	}
	return tap_done();
}
