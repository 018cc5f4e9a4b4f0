#include <ldap.h>
#include <stdlib.h>

#include "ldap/dn.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static const struct {
	const char *value, *want;
} cases[] = {
	{"ann@example.org", "mail=ann@example.org,dc=x"},
	{"", "mail=,dc=x"},
	{"a b", "mail=a\\20b,dc=x"},
	{" a ", "mail=\\20a\\20,dc=x"},
	{"#a", "mail=\\23a,dc=x"},
	{"a,dc=evil", "mail=a\\2Cdc\\3Devil,dc=x"},
	{"a+uid=b", "mail=a\\2Buid\\3Db,dc=x"},
	{"a\\", "mail=a\\5C,dc=x"},
	{"a\\2c", "mail=a\\5C2c,dc=x"},
	{"\"<>;", "mail=\\22\\3C\\3E\\3B,dc=x"},
	{"a\nb", "mail=a\\0Ab,dc=x"},
	{"\xc3\xa9", "mail=\\C3\\A9,dc=x"},
	{"\xff\x01", "mail=\\FF\\01,dc=x"},
	{"*()", "mail=\\2A\\28\\29,dc=x"},
};

/* libldap reads one name below the parent, with the very value. */
static bool is_one(const char *dn, const char *value)
{
	LDAPDN parsed = NULL;
	bool good = ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) == 0 &&
		    parsed != NULL && parsed[1] != NULL && parsed[2] == NULL &&
		    parsed[0][0] != NULL && parsed[0][1] == NULL &&
		    parsed[0][0]->la_value.bv_len == strlen(value) &&
		    memcmp(parsed[0][0]->la_value.bv_val, value,
			   strlen(value)) == 0;

	ldap_dnfree(parsed);
	return good;
}

static const struct {
	const char *one, *other;
	bool same;
} spellings[] = {
	{"mail=a@x,dc=p", "mail=a@x,dc=p", true},
	{"mail=A@X,dc=p", "MAIL=a@x,DC=p", true},
	{"mail=a\\3Db@x,dc=p", "mail=a\\=b@x,dc=p", true},
	{"mail=a\\3db@x,dc=p", "mail=a\\3Db@x,dc=p", true},
	{"mail=a\\40x,dc=p", "mail=a@x,dc=p", true},
	{"mail=a\\,dc=p", "mail=a,dc=p", false},
	{"mail=a\\2Cdc=p", "mail=a,dc=p", false},
	{"mail=a@x,dc=p", "mail=a@x,dc=pp", false},
	{"mail=a@x,dc=pp", "mail=a@x,dc=p", false},
	{"mail=b@x,dc=p", "mail=a@x,dc=p", false},
	{"", "", true},
	{"", "a", false},
	{"a\\", "a\\", true},
};

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	char byte[2] = "";
	unsigned good = 0;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *dn = dn_child(a, "mail", cases[i].value, "dc=x");

		IS(dn, cases[i].want, cases[i].value);
		OK(cases[i].value[0] == '\0' || is_one(dn, cases[i].value),
		   "libldap reads it back");
	}
	for (size_t i = 0; i < COUNT(spellings); i++)
		OK(dn_equal(spellings[i].one, spellings[i].other) ==
			   spellings[i].same,
		   spellings[i].one);
	IS(dn_name(a, "mail", "a=b@x"), "mail=a\\3Db@x", "a name alone");
	for (int c = 1; c < 256; c++) {
		byte[0] = (char)c;
		good += is_one(dn_child(a, "mail", byte, "dc=x"), byte);
	}
	NUMBER(good, 255, "every byte is read back");
	return tap_done();
}
