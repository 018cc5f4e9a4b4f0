#include "ldap/connect.h"
#include "tests/lib/tap.h"
#include "util/field.h"

/* What an option says, and which servers it names. */
static const struct {
	const char *uri, *servers[4];
} lists[] = {
	{"ldapi:///", {"ldapi:///"}},
	{"ldap://a ldap://b", {"ldap://a", "ldap://b"}},
	{"  ldap://a   ldap://b  ldap://c ",
	 {"ldap://a", "ldap://b", "ldap://c"}},
	{"a", {"a"}},
	{"", {NULL}},
	{"   ", {NULL}},
};

static void servers(void)
{
	for (size_t i = 0; i < COUNT(lists); i++) {
		CLEANUP(arena_release) struct arena *a = arena_new();
		struct text_list got = connect_servers(a, lists[i].uri);
		size_t n = 0;

		for (; n < got.count && lists[i].servers[n] != NULL; n++)
			IS(got.items[n], lists[i].servers[n], "a server");
		OK(n == got.count && lists[i].servers[n] == NULL, lists[i].uri);
	}
}

static const struct {
	const char *uri, *bind_dn, *password;
	bool good;
} settings[] = {
	{"ldapi:///", NULL, NULL, true},
	{"ldapi:///", "cn=x", "secret", true},
	{"ldapi:///", "cn=x", NULL, false},
	{"ldapi:///", "cn=x", "", false},
	{"ldapi:///", NULL, "", true},
	{"ldap://a", "cn=x", "secret", true},
	{"ldap://a", NULL, NULL, false},
	{"ldap://a", "cn=x", "", false},
	{"ldapi:/// ldap://a", NULL, NULL, false},
	{"ldapi:/// ldap://a", "cn=x", "secret", true},
	{"ldaps://a", "cn=x", "secret", false},
	{"ldap://a ldaps://b", "cn=x", "secret", false},
	{"cldap://a", "cn=x", "secret", false},
	{"a", "cn=x", "secret", false},
	{"", "cn=x", "secret", false},
	{"ldapi://1 ldapi://2 ldapi://3 ldapi://4", NULL, NULL, true},
	{"ldapi://1 ldapi://2 ldapi://3 ldapi://4 ldapi://5", NULL, NULL,
	 false},
};

static void checks(void)
{
	for (size_t i = 0; i < COUNT(settings); i++) {
		const struct ldap_settings set = {.uri = settings[i].uri,
						  .bind_dn =
							  settings[i].bind_dn,
						  .password =
							  settings[i].password};
		struct err e = {0};

		OK(connect_check(&set, &e) == settings[i].good &&
			   (e.kind == ERR_NONE) == settings[i].good,
		   settings[i].uri);
		OK(strstr(e.text, "secret") == NULL, "the password stays here");
	}
}

int main(void)
{
	servers();
	checks();
	return tap_done();
}
