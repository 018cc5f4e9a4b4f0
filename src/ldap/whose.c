#include "ldap/whose.h"

#include <string.h>
#include <strings.h>

#include "ldap/dn.h"
#include "ldap/schema.h"
#include "util/text.h"

enum { PARTS = 8 };

struct part {
	const char *attr, *value;
};

/* The parts below the base, the uppermost last; 0 if it is not below it, or
 * deeper than anything of ours. */
static size_t split(struct arena *a, const char *base, const char *dn,
		    struct part parts[PARTS])
{
	size_t count = 0;

	if (!dn_is_below(dn, base))
		return 0;
	const char *head = arena_strndup(a, dn, strlen(dn) - strlen(base) - 1);
	while (*head != '\0') {
		if (count == PARTS ||
		    !dn_take(a, &head, &parts[count].attr, &parts[count].value))
			return 0;
		count++;
	}
	return count;
}

/* The value of the uppermost part that is left, if it is of that attribute. */
static const char *next(struct arena *a, const struct part *parts,
			size_t *count, const char *attr)
{
	if (*count == 0 || strcasecmp(parts[*count - 1].attr, attr) != 0)
		return NULL;
	return text_lower(a, parts[--*count].value);
}

bool whose_is(struct arena *a, const char *base, const char *dn,
	      struct whose *ret)
{
	struct part parts[PARTS];
	size_t count = split(a, base, dn, parts);
	const char *tree = next(a, parts, &count, "ou");

	*ret = (struct whose){.further = false};
	if (text_equal(tree, "domains")) {
		ret->domain =
			next(a, parts, &count, schema_of(KIND_DOMAIN)->key);
		if (ret->domain != NULL)
			ret->login = next(a, parts, &count,
					  schema_of(KIND_USER)->key);
	} else if (text_equal(tree, "principals")) {
		ret->login = next(a, parts, &count, schema_login);
	} else {
		return false;
	}
	if (ret->login != NULL)
		ret->key = next(a, parts, &count, schema_key_id);
	ret->further = count > 0;
	return true;
}
