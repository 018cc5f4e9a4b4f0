/* Whatever somebody publishes: SPF records, and those that are lists of tags;
 * and that a text comes back out of a zone. */
#include <ctype.h>
#include <string.h>

#include "core/spf.h"
#include "core/taglist.h"
#include "core/zone.h"
#include "tests/fuzz/fuzz.h"

enum { DIGITS = 3 };

static void tags(struct arena *a, const char *text, size_t size)
{
	struct taglist l;

	taglist_read(a, text, size, &l);
	HOLDS(l.count <= TAGS_MAX);
	for (size_t i = 0; i < l.count; i++) {
		HOLDS(l.items[i].name[0] != '\0');
		HOLDS(taglist_value(&l, l.items[i].name) == l.items[i].value);
		HOLDS(strpbrk(l.items[i].value, ";\001\177") == NULL);
		HOLDS(strpbrk(taglist_packed(a, l.items[i].value), " \t\r\n") ==
		      NULL);
	}
	if (l.fault == NULL && l.count > 0 &&
	    strcmp(l.items[0].name, "v") == 0 &&
	    strcmp(l.items[0].value, "DMARC1") == 0 && text[0] == 'v')
		HOLDS(taglist_is(text, size, "v=DMARC1"));
}

static void senders(struct arena *a, const char *text, size_t size)
{
	struct spf s;

	if (!spf_is(text, size))
		return;
	spf_read(a, "example.org", text, size, &s);
	HOLDS(s.count <= SPF_TERMS_MAX);
	for (size_t i = 0; i < s.count; i++) {
		const struct spf_term *t = &s.terms[i];

		HOLDS(strchr("+-~?", t->qualifier) != NULL);
		HOLDS(t->kind != SPF_ALL || i + 1 == s.count);
		HOLDS((t->domain == NULL) ==
		      (t->kind == SPF_ALL || t->kind == SPF_IP4 ||
		       t->kind == SPF_IP6));
	}
}

/* Another reader of quoted strings (RFC 1035 5.1). */
static size_t unquote(const char *p, char *to)
{
	size_t n = 0;

	while ((p = strchr(p, '"')) != NULL) {
		for (p++; *p != '"'; p++) {
			HOLDS(*p >= ' ' && *p <= '~');
			if (*p == '\\' && isdigit((unsigned char)p[1])) {
				to[n++] =
					(char)((p[1] - '0') * 100 +
					       (p[2] - '0') * 10 + p[3] - '0');
				p += DIGITS;
				continue;
			}
			p += *p == '\\';
			to[n++] = *p;
		}
		p++;
	}
	return n;
}

static void zone(struct arena *a, const char *text)
{
	struct wish w = {.name = "x", .type = DNS_TXT, .text = text};
	const char *line = zone_line(a, &w), *end = strchr(line, '\n');
	char *back = arena_alloc(a, strlen(line) + 1);

	HOLDS(end != NULL && end[1] == '\0');
	HOLDS(unquote(line, back) == strlen(text));
	HOLDS(memcmp(back, text, strlen(text)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);

	tags(a, (const char *)data, size);
	senders(a, (const char *)data, size);
	zone(a, text);
	arena_free(a);
	return 0;
}
