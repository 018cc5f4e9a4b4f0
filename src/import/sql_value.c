#include "import/sql_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"

bool sql_bad(const struct sql *s, struct err *e, const char *fmt, ...)
{
	char words[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	return err_code(e, ERR_MALFORMED, "sql_malformed", "line %zu: %s",
			s->line, words);
}

char sql_peek(const struct sql *s)
{
	return s->at < s->size ? s->text[s->at] : '\0';
}

void sql_go(struct sql *s, size_t to)
{
	const char *end = s->text + to, *at = s->text + s->at;

	while (at < end &&
	       (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		s->line++;
		at++;
	}
	s->at = to;
}

void sql_pass_line(struct sql *s)
{
	const char *end = memchr(s->text + s->at, '\n', s->size - s->at);

	sql_go(s, end != NULL ? (size_t)(end - s->text) + 1 : s->size);
}

static bool begins(const struct sql *s, const char *with)
{
	size_t size = strlen(with);

	return s->size - s->at >= size &&
	       memcmp(s->text + s->at, with, size) == 0;
}

static bool pass_comment(struct sql *s, struct err *e)
{
	const char *end =
		memmem(s->text + s->at + 2, s->size - s->at - 2, "*/", 2);

	if (end == NULL)
		return sql_bad(s, e, "a comment does not end");
	sql_go(s, (size_t)(end - s->text) + 2);
	return true;
}

bool sql_blanks(struct sql *s, struct err *e)
{
	for (;;) {
		char c = sql_peek(s);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			sql_go(s, s->at + 1);
		else if (begins(s, "--") || (c == '#' && s->backslashes))
			sql_pass_line(s);
		else if (!begins(s, "/*"))
			return true;
		else if (!pass_comment(s, e))
			return false;
	}
}

bool sql_take(struct sql *s, char c, struct err *e)
{
	if (!sql_blanks(s, e) || sql_peek(s) != c)
		return false;
	s->at++;
	return true;
}

size_t sql_quoted_end(const struct sql *s, size_t at, bool backslashes)
{
	char quote = s->text[at++];

	for (; at < s->size; at++) {
		if (s->text[at] == '\\' && backslashes)
			at++;
		else if (s->text[at] != quote)
			continue;
		else if (at + 1 < s->size && s->text[at + 1] == quote)
			at++;
		else
			return at + 1;
	}
	return 0;
}

/* E'...' of PostgreSQL, which is no end of a longer word. */
static bool is_escaped(const struct sql *s)
{
	const char *at = s->text + s->at;

	if (s->backslashes)
		return true;
	return s->at >= 1 && (at[-1] == 'E' || at[-1] == 'e') &&
	       (s->at < 2 || strchr(" \t\n(,=", at[-2]) != NULL);
}

/* $tag$ ... $tag$, of PostgreSQL; 0: that is none. */
static size_t dollars_end(const struct sql *s)
{
	const char *from = s->text + s->at;
	size_t left = s->size - s->at, tag = 1;

	while (tag < left && from[tag] != '$' &&
	       strchr("'\"; \t\r\n(),", from[tag]) == NULL)
		tag++;
	if (tag >= left || from[tag] != '$')
		return 0;
	tag++;
	const char *end = memmem(from + tag, left - tag, from, tag);
	return end != NULL ? (size_t)(end - s->text) + tag : 0;
}

bool sql_pass(struct sql *s, struct err *e)
{
	char c = sql_peek(s);
	size_t end = s->at + 1;

	if (c == '\'' || c == '"' || c == '`')
		end = sql_quoted_end(s, s->at,
				     c == '\'' ? is_escaped(s)
					       : c == '"' && s->backslashes);
	else if (c == '$' && !s->backslashes) {
		size_t whole = dollars_end(s);
		end = whole != 0 ? whole : end;
	}
	if (end == 0)
		return sql_bad(s, e, "a quoted text does not end");
	sql_go(s, end);
	return true;
}

bool sql_pass_statement(struct sql *s, struct err *e)
{
	while (sql_blanks(s, e) && s->at < s->size) {
		bool last = sql_peek(s) == ';';

		if (!sql_pass(s, e))
			return false;
		if (last)
			return true;
	}
	return e->kind == ERR_NONE &&
	       sql_bad(s, e, "the dump ends within a statement");
}

/* Of a COPY: the next line, without its end. */
static bool take_line(struct sql *s, const char **text, size_t *size,
		      struct err *e)
{
	const char *from = s->text + s->at;
	const char *end = memchr(from, '\n', s->size - s->at);

	if (end == NULL)
		return sql_bad(s, e, "the dump ends within rows");
	*text = from;
	*size = (size_t)(end - from);
	s->at += *size + 1;
	s->line++;
	if (*size > 0 && from[*size - 1] == '\r')
		(*size)--;
	return true;
}

static bool is_last(const char *line, size_t size)
{
	return size == 2 && memcmp(line, "\\.", 2) == 0;
}

bool sql_pass_rows(struct sql *s, struct err *e)
{
	const char *line;
	size_t size;

	do {
		if (!take_line(s, &line, &size, e))
			return false;
	} while (!is_last(line, size));
	return true;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : 99;
}

/* A number behind a backslash, of at most that many digits. */
static char take_number(const char **at, const char *end, int base, int most)
{
	int n = 0;

	for (; most > 0 && *at < end && digit_of(**at) < base; most--)
		n = n * base + digit_of(*(*at)++);
	return (char)n;
}

/* What is behind a backslash; both databases have the same letters, as far as
 * they have them. */
static char unescape(const char **at, const char *end)
{
	static const char letters[] = "bfnrtv", meant[] = "\b\f\n\r\t\v";
	char c = **at;
	const char *letter = strchr(letters, c);

	if (c >= '0' && c <= '7')
		return take_number(at, end, 8, 3);
	(*at)++;
	if (c == 'x' && *at < end && digit_of(**at) < 16)
		return take_number(at, end, 16, 2);
	if (c == 'Z')
		return '\032';
	return letter != NULL && c != '\0' ? meant[letter - letters] : c;
}

/* A quote that is there twice is one, if there are quotes at all. */
static bool decode(const struct sql *s, struct arena *a, const char *from,
		   size_t size, bool backslashes, char quote, const char **ret,
		   struct err *e)
{
	const char *end = from + size;

	if (size > SQL_VALUE)
		return sql_bad(s, e, "a value has more than %d bytes",
			       SQL_VALUE);
	char *text = arena_alloc(a, size + 1), *to = text;
	while (from < end) {
		char c = *from++;

		if (c == '\\' && backslashes && from < end)
			c = unescape(&from, end);
		else if (quote != '\0' && c == quote)
			from++;
		if (c == '\0')
			return sql_bad(s, e, "a value has a NUL in it");
		*to++ = c;
	}
	*ret = text;
	return true;
}

/* Which of those that are wanted it is; NULL: none. */
static const char **wanted(const struct sql *s, struct sql_row *row,
			   size_t column)
{
	if (s->only != NULL && row->table != s->only)
		return NULL;
	for (size_t i = 0; i < SQL_COLUMNS; i++) {
		if (row->shape->at[i] == column)
			return &row->values[i];
	}
	return NULL;
}

static bool copy_row(struct sql *s, struct arena *a, struct sql_row *row,
		     struct err *e)
{
	const char *line;
	size_t size, column = 0;

	if (!take_line(s, &line, &size, e))
		return false;
	if (is_last(line, size)) {
		s->rows = NULL;
		return false;
	}
	for (const char *at = line, *end = line + size, *tab;; at = tab + 1) {
		const char **ret = wanted(s, row, column++);

		tab = memchr(at, '\t', (size_t)(end - at));
		size_t cell = (size_t)((tab != NULL ? tab : end) - at);
		bool none = cell == 2 && memcmp(at, "\\N", 2) == 0;
		if (ret != NULL && !none &&
		    !decode(s, a, at, cell, true, '\0', ret, e))
			return false;
		if (tab == NULL)
			break;
	}
	s->line--;
	if (column != row->shape->width)
		return sql_bad(s, e, "a row of %s has %zu columns and not %zu",
			       row->table->name, column, row->shape->width);
	s->line++;
	return true;
}

static bool take_string(struct sql *s, struct arena *a, const char **ret,
			struct err *e)
{
	bool backslashes = is_escaped(s);
	size_t from = s->at, end = sql_quoted_end(s, from, backslashes);

	if (end == 0)
		return sql_bad(s, e, "a quoted text does not end");
	if (ret != NULL && !decode(s, a, s->text + from + 1, end - from - 2,
				   backslashes, '\'', ret, e))
		return false;
	sql_go(s, end);
	return true;
}

static bool is_bare(char c)
{
	return digit_of(c) < 10 || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '+' || c == '-' ||
	       c == '.';
}

/* A number, a word, or what says which sort of quoted text comes. */
static bool take_bare(struct sql *s, struct arena *a, const char **ret,
		      struct err *e)
{
	static const char *const words[] = {"true", "false", "null"};
	const char *from = s->text + s->at;
	size_t size = 0;

	while (s->at < s->size && is_bare(s->text[s->at]))
		s->at++, size++;
	if (sql_peek(s) == ' ' && size > 0 && from[0] == '_')
		s->at++;
	if (sql_peek(s) == '\'' && size > 0)
		return take_string(s, a, ret, e);
	bool good = size > 0 &&
		    (digit_of(from[0]) < 10 || strchr("+-.", from[0]) != NULL);
	for (size_t i = 0; i < COUNT(words) && !good; i++)
		good = size == strlen(words[i]) &&
		       strncasecmp(from, words[i], size) == 0;
	if (!good)
		return sql_bad(s, e,
			       "a value of %s is no text, no number and not "
			       "NULL",
			       s->rows->table->name);
	if (ret != NULL && strncasecmp(from, "null", 4) != 0)
		*ret = arena_strndup(a, from, size);
	return true;
}

static bool take_values(struct sql *s, struct arena *a, struct sql_row *row,
			struct err *e)
{
	size_t column = 0;

	do {
		const char **ret = wanted(s, row, column++);

		if (!sql_blanks(s, e) ||
		    !(sql_peek(s) == '\'' ? take_string(s, a, ret, e)
					  : take_bare(s, a, ret, e)))
			return false;
	} while (sql_take(s, ',', e));
	if (e->kind != ERR_NONE)
		return false;
	if (!sql_take(s, ')', e))
		return sql_bad(s, e, "a row of %s does not end",
			       row->table->name);
	return column == row->shape->width ||
	       sql_bad(s, e, "a row of %s has %zu columns and not %zu",
		       row->table->name, column, row->shape->width);
}

/* Behind a row there is another, or the end, with more words perhaps. */
static bool insert_row(struct sql *s, struct arena *a, struct sql_row *row,
		       struct err *e)
{
	if (!sql_take(s, '(', e)) {
		if (e->kind == ERR_NONE)
			sql_bad(s, e, "a row of %s does not begin",
				row->table->name);
		return false;
	}
	row->line = s->line;
	if (!take_values(s, a, row, e))
		return false;
	if (sql_take(s, ',', e))
		return true;
	s->rows = NULL;
	return e->kind == ERR_NONE && sql_pass_statement(s, e);
}

bool sql_row(struct sql *s, struct arena *a, struct sql_row *ret, struct err *e)
{
	*ret = (struct sql_row){.table = s->rows->table,
				.shape = s->rows,
				.at = s->at,
				.line = s->line};
	return ret->shape->copy ? copy_row(s, a, ret, e)
				: insert_row(s, a, ret, e);
}
