#include "core/taglist.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(const char *s, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_";

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\0' || strchr(letters, s[i]) == NULL)
			return false;
	}
	return n > 0;
}

static bool is_printable(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_blank(s[i]) && (s[i] < '!' || s[i] > '~'))
			return false;
	}
	return true;
}

/* Narrow it to what is between blanks. */
static void trim(const char **s, size_t *n)
{
	while (*n > 0 && is_blank((*s)[0])) {
		(*s)++;
		(*n)--;
	}
	while (*n > 0 && is_blank((*s)[*n - 1]))
		(*n)--;
}

static const char *read_tag(struct arena *a, const char *s, size_t n,
			    struct taglist *l)
{
	const char *equals = memchr(s, '=', n);

	if (equals == NULL)
		return "a tag has no =";
	const char *value = equals + 1;
	size_t rest = n - (size_t)(value - s), name = (size_t)(equals - s);

	trim(&s, &name);
	trim(&value, &rest);
	if (!is_name(s, name))
		return "a tag has no good name";
	if (!is_printable(value, rest))
		return "a value is not printable";
	if (l->count == TAGS_MAX)
		return "there are too many tags";
	const char *word = arena_strndup(a, s, name);
	if (taglist_value(l, word) != NULL)
		return "a tag is there twice";
	l->items[l->count].name = word;
	l->items[l->count++].value = arena_strndup(a, value, rest);
	return NULL;
}

void taglist_read(struct arena *a, const char *text, size_t size,
		  struct taglist *ret)
{
	const char *end = text + size;

	ret->count = 0;
	ret->fault = NULL;
	while (text < end && ret->fault == NULL) {
		const char *semicolon = memchr(text, ';', (size_t)(end - text));
		const char *next = semicolon != NULL ? semicolon : end;
		const char *s = text;
		size_t n = (size_t)(next - text);

		trim(&s, &n);
		/* Nothing may follow the last semicolon. */
		if (n > 0)
			ret->fault = read_tag(a, s, n, ret);
		else if (semicolon != NULL)
			ret->fault = "there is an empty tag";
		text = semicolon != NULL ? semicolon + 1 : end;
	}
}

const char *taglist_value(const struct taglist *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->items[i].name, name) == 0)
			return l->items[i].value;
	}
	return NULL;
}

bool taglist_is(const char *text, size_t size, const char *version)
{
	const char *equals = strchr(version, '=');
	size_t name = (size_t)(equals - version), n = strlen(equals + 1);

	if (size < name || memcmp(text, version, name) != 0)
		return false;
	const char *p = text + name, *end = text + size;
	while (p < end && is_blank(*p))
		p++;
	if (p == end || *p++ != '=')
		return false;
	while (p < end && is_blank(*p))
		p++;
	if ((size_t)(end - p) < n || memcmp(p, equals + 1, n) != 0)
		return false;
	p += n;
	return p == end || *p == ';' || is_blank(*p);
}

const char *taglist_packed(struct arena *a, const char *value)
{
	char *ret = arena_strdup(a, value), *to = ret;

	for (; *value != '\0'; value++) {
		if (!is_blank(*value))
			*to++ = *value;
	}
	*to = '\0';
	return ret;
}
