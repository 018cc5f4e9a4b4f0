#include "assets/asset.h"
#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/file.h"

static const struct {
	const char *name, *holds;
} cases[] = {
	{"schema/provost.ldif", "olcObjectClasses"},
	{"ldif/server.ldif", "dn: cn=config"},
	{"ldif/database.ldif", "@BASE@"},
	{"ldif/base.ldif", "cn=administrators"},
	{"docs/api/openapi.json", "\"openapi\""},
	{"postfix/main.cf", "virtual"},
	{"dovecot/dovecot.conf", "passdb"},
};

int main(void)
{
	unsigned unique = 0, total = 0;

	for (size_t i = 0; i < COUNT(cases); i++)
		OK(strstr(asset_text(cases[i].name), cases[i].holds) != NULL,
		   cases[i].name);
	for (const struct asset *a = assets; a->name != NULL; a++) {
		total++;
		unique += asset_text(a->name) == a->text;
	}
	NUMBER(unique, total, "each has a name of its own");
	return tap_done();
}
