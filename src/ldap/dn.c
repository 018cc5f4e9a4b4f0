#include "ldap/dn.h"

#include <stdbool.h>
#include <string.h>

/* Escaping more than necessary is allowed: everything that is not plain ASCII
 * goes as \XX, so that no byte needs thought. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("-._@", c));
}

static char *put_hex(char *to, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";

	*to++ = '\\';
	*to++ = digits[c >> 4];
	*to++ = digits[c & 15];
	return to;
}

const char *dn_child(struct arena *a, const char *attr, const char *value,
		     const char *parent)
{
	char *escaped = arena_alloc(a, strlen(value) * 3 + 1), *to = escaped;

	for (const char *p = value; *p != '\0'; p++) {
		if (is_plain(*p))
			*to++ = *p;
		else
			to = put_hex(to, (unsigned char)*p);
	}
	return arena_join(a, attr, "=", escaped, ",", parent, NULL);
}
