#include "util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *text_lower(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s);

	for (char *p = copy; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	return copy;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool text_list_equal(struct text_list a, struct text_list b)
{
	if (a.count != b.count)
		return false;
	for (size_t i = 0; i < a.count; i++) {
		if (strcmp(a.items[i], b.items[i]) != 0)
			return false;
	}
	return true;
}

/* Decode one character; 0 if it is malformed (RFC 3629: shortest form, no
 * surrogates, at most U+10FFFF). */
static size_t decode(const unsigned char *s, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = s[0] < 0x80             ? 1
		      : (s[0] & 0xe0) == 0xc0 ? 2
		      : (s[0] & 0xf0) == 0xe0 ? 3
		      : (s[0] & 0xf8) == 0xf0 ? 4
					      : 0;
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

	if (size == 0)
		return 0;
	uint32_t c = s[0] & first[size];
	for (size_t i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	*ret = c;
	if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return size;
}

bool text_is_clean(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = 0;

	while (*p != '\0') {
		if (*p >= 0x20 && *p < 0x7f) {
			p++; /* nearly everything is */
			continue;
		}
		size_t size = decode(p, &c);

		if (size == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) ||
		    c == 0x2028 || c == 0x2029)
			return false;
		p += size;
	}
	return true;
}

void text_mend(char *s)
{
	uint32_t c;

	while (*s != '\0') {
		size_t size = decode((const unsigned char *)s, &c);

		if (size == 0)
			*s = '?';
		s += size > 0 ? size : 1;
	}
}

char *text_decimal(char ret[TEXT_DECIMAL], int64_t n)
{
	/* Of the lowest number there is no positive one. */
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char *p = ret + TEXT_DECIMAL - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (n < 0)
		*--p = '-';
	return p;
}

bool text_number(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	char *end;

	if (*s != '-' && (*s < '0' || *s > '9'))
		return false;
	errno = 0;
	long long n = strtoll(s, &end, 10);
	if (*end != '\0' || errno != 0 || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

static const char *value_of(const char *const pairs[], const char *name,
			    size_t len)
{
	for (; pairs[0] != NULL; pairs += 2) {
		if (strlen(pairs[0]) == len && memcmp(pairs[0], name, len) == 0)
			return pairs[1];
	}
	return NULL;
}

/* Length of the name if s begins with "@NAME@", else 0. */
static size_t placeholder(const char *s)
{
	size_t len = strspn(s + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	return *s == '@' && len > 0 && s[len + 1] == '@' ? len : 0;
}

/* Copies to `to` unless it is NULL; returns the length. */
static size_t fill(char *to, const char *template, const char *const pairs[])
{
	size_t length = 0;

	while (*template != '\0') {
		size_t name = placeholder(template);
		const char *value =
			name > 0 ? value_of(pairs, template + 1, name) : NULL;
		size_t size = value != NULL ? strlen(value) : 1;

		if (to != NULL)
			memcpy(to + length, value != NULL ? value : template,
			       size);
		length += size;
		template += value != NULL ? name + 2 : 1;
	}
	return length;
}

char *text_fill(struct arena *a, const char *template,
		const char *const pairs[])
{
	char *text = arena_alloc(a, fill(NULL, template, pairs) + 1);

	fill(text, template, pairs);
	return text;
}

/* FNV-1a. */
const char *text_print(struct arena *a, const char *s)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3U;
	return arena_printf(a, "%016llx", (unsigned long long)hash);
}

size_t text_mark_size(const char *text, size_t size)
{
	static const char mark[] = "\xEF\xBB\xBF";

	return size >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
}
