#include "core/zone.h"

#include <stdio.h>
#include <string.h>

enum { ESCAPED = 4 }; /* bytes that one byte may become */

struct text_list zone_strings(struct arena *a, const char *text)
{
	size_t size = strlen(text);
	struct text_list l = {arena_alloc(a, (size / ZONE_STRING_MAX + 1) *
						     sizeof(char *)),
			      0};

	do {
		size_t n = size < ZONE_STRING_MAX ? size : ZONE_STRING_MAX;

		l.items[l.count++] = arena_strndup(a, text, n);
		text += n;
		size -= n;
	} while (size > 0);
	return l;
}

/* Between quotes a semicolon begins no comment. */
static const char *quoted(struct arena *a, const char *s)
{
	char *ret = arena_alloc(a, strlen(s) * ESCAPED + 3), *to = ret;

	*to++ = '"';
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			*to++ = '\\';
			*to++ = *s;
		} else if (c < ' ' || c > '~') {
			to += snprintf(to, ESCAPED + 1, "\\%03u", c);
		} else {
			*to++ = *s;
		}
	}
	*to++ = '"';
	*to = '\0';
	return ret;
}

static const char *texts(struct arena *a, const char *text)
{
	struct text_list l = zone_strings(a, text);
	const char *ret = quoted(a, l.items[0]);

	for (size_t i = 1; i < l.count; i++)
		ret = arena_join(a, ret, " ", quoted(a, l.items[i]), NULL);
	return ret;
}

const char *zone_line(struct arena *a, const struct wish *w)
{
	const char *data =
		w->type == DNS_TXT
			? texts(a, w->text)
			: arena_join(a, publish_value(a, w), ".", NULL);

	return arena_printf(a, "%s.\t%d\tIN\t%s\t%s\n", w->name, ZONE_TTL,
			    publish_type(w->type), data);
}
