/* Which format a text is in, by how it begins. */
#include <string.h>

#include "import/reader.h"
#include "import/sql_dialect.h"
#include "util/text.h"

enum { HEAD = 4096 };

/* The first line with something in it that is no comment. */
static const char *first_line(struct arena *a, const char *text, size_t size)
{
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t whole = end != NULL ? (size_t)(end - text) : size;

		if (whole > strspn(text, " \t\r\n") && text[0] != '#')
			return arena_strndup(a, text, whole);
		whole += end != NULL;
		text += whole;
		size -= whole;
	}
	return "";
}

static bool is_modoboa(const char *line)
{
	static const char *const words[] = {"domain",      "domainalias",
					    "relaydomain", "account",
					    "alias",       "forward",
					    "dlist"};
	size_t size = strcspn(line, "; \t");

	if (line[size + strspn(line + size, " \t")] != ';')
		return false;
	for (size_t i = 0; i < COUNT(words); i++) {
		if (size == strlen(words[i]) &&
		    strncmp(line, words[i], size) == 0)
			return true;
	}
	return false;
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == c;
	return n;
}

/* name:x:0:0:..., or name:*:20000:0:99999:7::: */
static bool is_passwd(const char *line)
{
	size_t colons = count(line, ':');

	return (colons == 6 || colons == 8) && line[0] != ':' &&
	       strcspn(line, ":") < strcspn(line, " @;,|");
}

/* address|{SCHEME}hash is the only one that is nothing else. */
static bool is_mailserver(const char *line)
{
	size_t size = strcspn(line, "|");

	return line[size] == '|' && line[size + 1] == '{' &&
	       memchr(line, '@', size) != NULL &&
	       strcspn(line, " \t;,:") > size;
}

static bool is_entry(const char *line)
{
	return strncmp(line, "dn:", 3) == 0 ||
	       strncmp(line, "version:", 8) == 0;
}

const struct reader_format *reader_guess(const char *text, size_t size)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	size_t mark = text_mark_size(text, size), left = size - mark;
	const char *head =
		arena_strndup(a, text + mark, left < HEAD ? left : HEAD);
	const char *line = first_line(a, head, strlen(head));

	if (sql_dialect(text, size) != SQL_UNSAID)
		return &format_sql;
	return line[0] == '{'        ? &format_ndjson
	       : is_modoboa(line)    ? &format_modoboa
	       : is_mailserver(line) ? &format_mailserver
	       : is_entry(line)      ? &format_ldif
	       : is_passwd(line)     ? &format_passwd
				     : NULL;
}
