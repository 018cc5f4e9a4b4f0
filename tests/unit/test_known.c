#include "ldap/known.h"

#include "ldap/key_parts.h"
#include "ldap/schema.h"
#include "tests/lib/tap.h"

/* They are stored with a password, or added when a record is made, or are not
 * sent in a dry run. */
static bool is_of_password(const struct map_attr *at)
{
	return (at->flags & MAP_FOLLOWS) != 0 ||
	       strcmp(at->name, "userPassword") == 0;
}

static void all_of(const struct map *m)
{
	for (const struct map_attr *at = m->attrs; at->name != NULL; at++) {
		if ((at->flags & MAP_READ_ONLY) == 0 && !is_of_password(at))
			OK(known_sample(at->name) != NULL, at->name);
	}
}

int main(void)
{
	for (enum kind k = 0; k < KIND_COUNT; k++)
		all_of(&schema_of(k)->map);
	all_of(key_map());
	for (enum role role = 0; role < ROLE_NONE; role++)
		OK(known_sample(schema_role(role)) != NULL, schema_role(role));
	OK(known_sample("member") != NULL, "member");
	OK(known_sample(schema_former) != NULL, schema_former);
	OK(known_sample("objectClass") == NULL,
	   "what every entry has need not");
	return tap_done();
}
