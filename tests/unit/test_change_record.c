#include "ldap/change_record.h"

#include "tests/lib/tap.h"
#include "util/field.h"

/* clang-format off */
static char cn[] = "cn", description[] = "description", secret[] = "userPassword",
	    plain[] = "John", blank[] = "John ", colon[] = ":x", umlaut[] = "J\xc3\xb6rg",
	    lines[] = "a\nb", empty[] = "", hash[] = "{CRYPT}$6$x";
/* clang-format on */

static void adds(struct arena *a)
{
	char *names[] = {plain, umlaut, NULL}, *hashes[] = {hash, NULL};
	char *odd[] = {blank, colon, lines, empty, NULL};
	LDAPMod name = {.mod_op = LDAP_MOD_ADD, .mod_type = cn};
	LDAPMod pass = {.mod_op = LDAP_MOD_ADD, .mod_type = secret};
	LDAPMod text = {.mod_op = LDAP_MOD_ADD, .mod_type = description};
	LDAPMod *mods[] = {&name, &pass, &text, NULL};
	const struct operation op = {.kind = OPERATION_ADD,
				     .dn = "cn=John,dc=x",
				     .mods = mods};

	name.mod_values = names;
	pass.mod_values = hashes;
	text.mod_values = odd;
	IS(change_record(a, &op),
	   "dn: cn=John,dc=x\nchangetype: add\ncn: John\ncn:: SsO2cmc=\n"
	   "userPassword: ********\ndescription:: Sm9obiA=\n"
	   "description:: Ong=\ndescription:: YQpi\ndescription:\n\n",
	   "an add: what is no safe text is base64, what is secret is not told");
}

static void modifies(struct arena *a)
{
	struct berval bytes = {3, lines}, *binary[] = {&bytes, NULL};
	char *names[] = {plain, NULL}, *hashes[] = {hash, NULL};
	LDAPMod one = {.mod_op = LDAP_MOD_REPLACE, .mod_type = cn};
	LDAPMod two = {.mod_op = LDAP_MOD_DELETE, .mod_type = description};
	LDAPMod three = {.mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES,
			 .mod_type = description};
	LDAPMod four = {.mod_op = LDAP_MOD_DELETE, .mod_type = secret};
	LDAPMod *mods[] = {&one, &two, &three, &four, NULL};
	const struct operation op = {.kind = OPERATION_MODIFY,
				     .dn = "cn=J\xc3\xb6rg,dc=x",
				     .mods = mods};

	one.mod_values = names;
	three.mod_bvalues = binary;
	four.mod_values = hashes;
	IS(change_record(a, &op),
	   "dn:: Y249SsO2cmcsZGM9eA==\nchangetype: modify\n"
	   "replace: cn\ncn: John\n-\ndelete: description\n-\n"
	   "add: description\ndescription:: YQpi\n-\n"
	   "delete: userPassword\nuserPassword: ********\n-\n\n",
	   "a modification, piece by piece");
}

static void others(struct arena *a)
{
	struct operation op = {.kind = OPERATION_DELETE, .dn = "cn=a,dc=x"};

	IS(change_record(a, &op), "dn: cn=a,dc=x\nchangetype: delete\n\n",
	   "a deletion");
	op.kind = OPERATION_RENAME;
	op.name = "cn=b";
	IS(change_record(a, &op),
	   "dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=b\n"
	   "deleteoldrdn: 1\n\n",
	   "a new name");
	op.parent = "dc=y";
	IS(change_record(a, &op),
	   "dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=b\n"
	   "deleteoldrdn: 0\nnewsuperior: dc=y\n\n",
	   "another place");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	adds(a);
	modifies(a);
	others(a);
	return tap_done();
}
