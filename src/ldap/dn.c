#include "ldap/dn.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Escaping more than necessary is allowed: everything that is not plain ASCII
 * goes as \XX, so that no byte needs thought. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' ||
	       c == '@';
}

static size_t escaped_size(const char *value)
{
	size_t size = 0;

	for (const char *p = value; *p != '\0'; p++)
		size += is_plain(*p) ? 1 : 3;
	return size;
}

static char *put_escaped(char *to, const char *value)
{
	static const char digits[] = "0123456789ABCDEF";

	for (const char *p = value; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (is_plain(*p)) {
			*to++ = *p;
			continue;
		}
		*to++ = '\\';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return to;
}

/* Each request needs several names, so they are put together in one go.  The
 * parent may be NULL. */
static const char *name_below(struct arena *a, const char *attr,
			      const char *value, const char *parent)
{
	size_t tail = parent != NULL ? 1 + strlen(parent) : 0;
	char *text = arena_take(a, strlen(attr) + 1 + escaped_size(value) +
					   tail + 1);
	char *to = stpcpy(text, attr);

	*to++ = '=';
	to = put_escaped(to, value);
	if (parent != NULL) {
		*to++ = ',';
		to = stpcpy(to, parent);
	}
	*to = '\0';
	return text;
}

const char *dn_name(struct arena *a, const char *attr, const char *value)
{
	return name_below(a, attr, value, NULL);
}

const char *dn_child(struct arena *a, const char *attr, const char *value,
		     const char *parent)
{
	return name_below(a, attr, value, parent);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character, in lower case; what was escaped differs from what has a
 * meaning.  0 at the end. */
static int next(const char **p)
{
	int c = (unsigned char)*(*p)++, escaped = 0;

	if (c == '\0') {
		--*p;
		return 0;
	}
	if (c == '\\' && **p != '\0') {
		if (hex((*p)[0]) >= 0 && hex((*p)[1]) >= 0) {
			c = hex((*p)[0]) << 4 | hex((*p)[1]);
			*p += 2;
		} else {
			c = (unsigned char)*(*p)++;
		}
		escaped = strchr(",+=", c) != NULL ? 0x100 : 0;
	}
	return (c >= 'A' && c <= 'Z' ? c | 0x20 : c) + escaped;
}

bool dn_equal(const char *a, const char *b)
{
	int one, other;

	do {
		one = next(&a);
		other = next(&b);
	} while (one == other && one != 0);
	return one == other;
}

bool dn_is_below(const char *dn, const char *above)
{
	size_t size = strlen(dn), tail = strlen(above);

	return size > tail && dn[size - tail - 1] == ',' &&
	       strcasecmp(dn + size - tail, above) == 0;
}

/* One character of a value, and whether it was escaped. */
static char unescape(const char **p, bool *escaped)
{
	char c = *(*p)++;

	*escaped = c == '\\' && **p != '\0';
	if (!*escaped)
		return c;
	if (hex((*p)[0]) < 0 || hex((*p)[1]) < 0)
		return *(*p)++;
	c = (char)(hex((*p)[0]) << 4 | hex((*p)[1]));
	*p += 2;
	return c;
}

bool dn_take(struct arena *a, const char **dn, const char **attr,
	     const char **value)
{
	size_t size = strcspn(*dn, "=,+\\");
	const char *p = *dn + size;
	char *to;

	if (size == 0 || *p != '=')
		return false;
	*attr = arena_strndup(a, *dn, size);
	*value = to = arena_alloc(a, strlen(p));
	for (p++; *p != '\0';) {
		bool escaped;
		char c = unescape(&p, &escaped);

		if (!escaped && c == '+')
			return false;
		if (!escaped && c == ',')
			break;
		*to++ = c;
	}
	*dn = p;
	return true;
}

const char *dn_value(struct arena *a, const char *dn)
{
	const char *attr, *value;

	return dn_take(a, &dn, &attr, &value) ? value : NULL;
}
