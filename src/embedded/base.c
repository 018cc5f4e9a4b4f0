#include "embedded/base.h"

#include <string.h>

#include "util/field.h"

static const struct {
	const char *attribute, *classes;
} kinds[] = {
	{"dc", "objectClass: dcObject\nobjectClass: organization\no: "},
	{"o", "objectClass: organization\n"},
	{"ou", "objectClass: organizationalUnit\n"},
};

static bool is_kind(const char *rdn, size_t size, size_t *ret)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strlen(kinds[i].attribute) == size &&
		    memcmp(kinds[i].attribute, rdn, size) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool base_check(const char *base, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	const char *p = base;
	size_t kind;

	for (;;) {
		size_t name = strcspn(p, "=,");
		size_t value =
			p[name] == '=' ? strspn(p + name + 1, letters) : 0;

		if (!is_kind(p, name, &kind) || value == 0)
			break;
		p += name + 1 + value;
		if (*p == '\0')
			return true;
		if (*p++ != ',')
			break;
	}
	return err_set(e, ERR_INVALID,
		       "the base \"%s\" must be made of dc=, o= and ou=, in "
		       "lower case and without blanks",
		       base);
}

const char *base_entry(struct arena *a, const char *base)
{
	size_t name = strcspn(base, "="), kind = 0;
	const char *value = arena_strndup(a, base + name + 1,
					  strcspn(base + name + 1, ","));

	is_kind(base, name, &kind);
	return arena_printf(a, "dn: %s\n%s%s%s%s: %s\n", base,
			    kinds[kind].classes, kind == 0 ? value : "",
			    kind == 0 ? "\n" : "", kinds[kind].attribute,
			    value);
}
