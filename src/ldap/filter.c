#include "ldap/filter.h"

#include <string.h>

/* The bytes that RFC 4515 wants escaped, and all that are not ASCII. */
static int is_special(unsigned char c)
{
	return c < 0x20 || c >= 0x7f || strchr("*()\\", c) != NULL;
}

static const char *compare(struct arena *a, const char *attr,
			   const char *operator, const char * value)
{
	static const char digits[] = "0123456789abcdef";
	char *escaped = arena_alloc(a, strlen(value) * 3 + 1), *to = escaped;

	for (const char *p = value; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (is_special(c)) {
			*to++ = '\\';
			*to++ = digits[c >> 4];
			*to++ = digits[c & 15];
		} else {
			*to++ = *p;
		}
	}
	return arena_join(a, "(", attr, operator, escaped, ")", NULL);
}

const char *filter_equal(struct arena *a, const char *attr, const char *value)
{
	return compare(a, attr, "=", value);
}

const char *filter_from(struct arena *a, const char *attr, const char *value)
{
	return compare(a, attr, ">=", value);
}

const char *filter_to(struct arena *a, const char *attr, const char *value)
{
	return compare(a, attr, "<=", value);
}

const char *filter_present(struct arena *a, const char *attr)
{
	return arena_printf(a, "(%s=*)", attr);
}

const char *filter_not(struct arena *a, const char *part)
{
	return arena_join(a, "(!", part, ")", NULL);
}

const char *filter_begins(struct arena *a, const char *attr, const char *text)
{
	const char *whole = filter_equal(a, attr, text);

	return arena_printf(a, "%.*s*)", (int)strlen(whole) - 1, whole);
}

const char *filter_contains(struct arena *a, const char *attr, const char *text)
{
	const char *whole = filter_equal(a, attr, text);

	return arena_printf(a, "(%s=*%.*s*)", attr,
			    (int)(strlen(whole) - strlen(attr) - 3),
			    whole + strlen(attr) + 2);
}

const char *filter_below(struct arena *a, const char *attr, const char *domain)
{
	const char *whole = filter_equal(a, attr, domain);

	return arena_printf(a, "(%s=*.%s", attr, whole + strlen(attr) + 2);
}

const char *filter_within(struct arena *a, const char *attr, const char *domain)
{
	const char *whole = filter_equal(a, attr, domain);

	return arena_printf(a, "(%s=*@%s", attr, whole + strlen(attr) + 2);
}

const char *filter_and(struct arena *a, const char *one, const char *other)
{
	return arena_join(a, "(&", one, other, ")", NULL);
}

static const char *gathered(struct arena *a, char how,
			    const char *const parts[], size_t count)
{
	size_t size = sizeof("(|)");

	for (size_t i = 0; i < count; i++)
		size += strlen(parts[i]);
	char *text = arena_alloc(a, size), *to = text;
	*to++ = '(';
	*to++ = how;
	for (size_t i = 0; i < count; i++)
		to = stpcpy(to, parts[i]);
	stpcpy(to, ")");
	return text;
}

const char *filter_any(struct arena *a, const char *const parts[], size_t count)
{
	return gathered(a, '|', parts, count);
}

const char *filter_all(struct arena *a, const char *const parts[], size_t count)
{
	return gathered(a, '&', parts, count);
}
