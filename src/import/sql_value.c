#include "import/sql_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "loop/fiber.h"
#include "util/text.h"

enum { REST = 256 * 1024 };

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

bool sql_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

char sql_peek(const struct sql *s)
{
	return s->at < s->size ? s->text[s->at] : '\0';
}

/* Others on the loop have their turn, however much there is to read. */
static void rest(struct sql *s)
{
	if (s->at - s->rested < REST)
		return;
	s->rested = s->at;
	if (fiber_self() != NULL)
		fiber_sleep(1);
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
	rest(s);
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

/* One that may be of the program that made the dump. */
static void pass_remark(struct sql *s)
{
	sql_dialect_note(s->text + s->at, s->size - s->at, &s->open);
	sql_pass_line(s);
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
		else if (begins(s, "--"))
			pass_remark(s);
		else if (c == '#' && s->dialect == SQL_MYSQL)
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

	return s->backslashes || (s->at >= 1 && s->dialect != SQL_MYSQL &&
				  (at[-1] == 'E' || at[-1] == 'e') &&
				  (s->at < 2 || !sql_is_letter(at[-2])));
}

/* Behind the tag of $tag$ ... $tag$, of PostgreSQL; 0: there is none. */
static size_t tag_end(const struct sql *s)
{
	size_t at = s->at + 1;

	if (s->dialect == SQL_MYSQL ||
	    (s->at > 0 && sql_is_letter(s->text[s->at - 1])) ||
	    (at < s->size && s->text[at] >= '0' && s->text[at] <= '9'))
		return 0;
	while (at < s->size && sql_is_letter(s->text[at]))
		at++;
	return at < s->size && s->text[at] == '$' ? at + 1 : 0;
}

/* Behind what the tag that ends there begins; 0: that does not end. */
static size_t dollars_end(const struct sql *s, size_t from)
{
	size_t size = from - s->at;
	const char *end =
		memmem(s->text + from, s->size - from, s->text + s->at, size);

	return end != NULL ? (size_t)(end - s->text) + size : 0;
}

bool sql_pass(struct sql *s, struct err *e)
{
	char c = sql_peek(s);
	size_t end = s->at + 1, tag = c == '$' ? tag_end(s) : 0;

	if (c == '\'')
		end = sql_quoted_end(s, s->at, is_escaped(s));
	else if (c == '"')
		end = sql_quoted_end(s, s->at, s->dialect == SQL_MYSQL);
	else if (c == '`' && s->dialect != SQL_POSTGRESQL)
		end = sql_quoted_end(s, s->at, false);
	else if (tag != 0)
		end = dollars_end(s, tag);
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

	*text = from;
	*size = 0;
	if (end == NULL)
		return sql_bad(s, e, "the dump ends within rows");
	*size = (size_t)(end - from);
	s->at += *size + 1;
	s->line++;
	rest(s);
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

/* What backslashes mean. */
struct escapes {
	const char *letters, *meant;
	const char *kept;   /* what keeps its backslash */
	const char *others; /* what is not taken */
	bool numbers;       /* octal and hexadecimal ones */
};

static const struct escapes of_copy = {"bfnrtv", "\b\f\n\r\t\v", "", "", true};
static const struct escapes of_postgresql = {"bfnrtv", "\b\f\n\r\t\v", "", "uU",
					     true};
static const struct escapes of_mysql = {"bnrtZ", "\b\n\r\t\032", "%_", "0",
					false};

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* '\0': it is not taken. */
static char unescape(const char **at, const char *end, const struct escapes *by)
{
	char c = **at;

	if (by->numbers && c >= '0' && c <= '7')
		return take_number(at, end, 8, 3);
	if (is_one_of(c, by->kept))
		return '\\';
	(*at)++;
	if (by->numbers && c == 'x' && *at < end && digit_of(**at) < 16)
		return take_number(at, end, 16, 2);
	if (is_one_of(c, by->others))
		return '\0';
	return is_one_of(c, by->letters)
		       ? by->meant[strchr(by->letters, c) - by->letters]
		       : c;
}

static char *value_of(const struct sql *s, struct arena *a, size_t size,
		      struct err *e)
{
	if (size > SQL_VALUE) {
		sql_bad(s, e, "a value has more than %d bytes", SQL_VALUE);
		return NULL;
	}
	return arena_alloc(a, size + 1);
}

/* A quote that is there twice is one, if there are quotes at all. */
static bool decode(const struct sql *s, struct arena *a, const char *from,
		   size_t size, const struct escapes *by, char quote,
		   const char **ret, struct err *e)
{
	const char *end = from + size;
	char *text = value_of(s, a, size, e), *to = text;

	if (text == NULL)
		return false;
	while (from < end) {
		char c = *from++;

		if (c == '\\' && by != NULL && from < end)
			c = unescape(&from, end, by);
		else if (quote != '\0' && c == quote)
			from++;
		if (c == '\0')
			return sql_bad(s, e,
				       "a value has a NUL in it, or an escape "
				       "that is not known");
		*to++ = c;
	}
	*ret = text;
	return true;
}

/* Two digits a byte. */
static bool decode_hex(const struct sql *s, struct arena *a, const char *from,
		       size_t size, const char **ret, struct err *e)
{
	char *text = value_of(s, a, size / 2, e);

	if (text == NULL)
		return false;
	for (size_t i = 0; i < size; i += 2) {
		int high = digit_of(from[i]);
		int low = i + 1 < size ? digit_of(from[i + 1]) : 99;

		if (high > 15 || low > 15 || high + low == 0)
			return sql_bad(s, e, "hexadecimal digits are no text");
		text[i / 2] = (char)(high * 16 + low);
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
		    !decode(s, a, at, cell, &of_copy, '\0', ret, e))
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

static bool take_string(struct sql *s, struct arena *a, bool backslashes,
			const char **ret, struct err *e)
{
	const struct escapes *by = !backslashes              ? NULL
				   : s->dialect == SQL_MYSQL ? &of_mysql
							     : &of_postgresql;
	size_t from = s->at, end = sql_quoted_end(s, from, backslashes);

	if (end == 0)
		return sql_bad(s, e, "a quoted text does not end");
	if (ret != NULL &&
	    !decode(s, a, s->text + from + 1, end - from - 2, by, '\'', ret, e))
		return false;
	sql_go(s, end);
	return true;
}

static bool unknown(const struct sql *s, struct err *e)
{
	return sql_bad(s, e, "a value of %s is no text, no number and not NULL",
		       s->rows->table->name);
}

/* X'41', or bits, which are taken where nobody wants them. */
static bool take_digits(struct sql *s, struct arena *a, bool hex,
			const char **ret, struct err *e)
{
	size_t from = s->at + 1;

	if (!take_string(s, a, false, NULL, e))
		return false;
	if (ret == NULL)
		return true;
	return hex ? decode_hex(s, a, s->text + from, s->at - 1 - from, ret, e)
		   : unknown(s, e);
}

/* A text with a letter before it, which says of which sort it is. */
static bool take_prefixed(struct sql *s, struct arena *a, char sort,
			  const char **ret, struct err *e)
{
	switch (sort) {
	case 'e':
	case 'E':
		return s->dialect != SQL_MYSQL ? take_string(s, a, true, ret, e)
					       : unknown(s, e);
	case 'n':
	case 'N':
		return take_string(s, a, s->backslashes, ret, e);
	case 'x':
	case 'X':
		return take_digits(s, a, true, ret, e);
	case 'b':
	case 'B':
		return take_digits(s, a, false, ret, e);
	default:
		return unknown(s, e);
	}
}

static size_t digits(const char *text, size_t size)
{
	size_t n = 0;

	while (n < size && digit_of(text[n]) < 10)
		n++;
	return n;
}

/* 12, -1.5, 1e+06. */
static bool is_number(const char *text, size_t size)
{
	size_t at = size > 0 && (text[0] == '-' || text[0] == '+');
	size_t whole = digits(text + at, size - at), part = 0;

	at += whole;
	if (at < size && text[at] == '.') {
		part = digits(text + at + 1, size - at - 1);
		at += part + 1;
	}
	if (whole + part == 0)
		return false;
	if (at < size && (text[at] == 'e' || text[at] == 'E')) {
		at++;
		at += at < size && (text[at] == '-' || text[at] == '+');
		size_t power = digits(text + at, size - at);
		if (power == 0)
			return false;
		at += power;
	}
	return at == size;
}

static bool is_word(const char *text, size_t size, const char *word)
{
	return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

/* A number or a word. */
static bool take_bare(const struct sql *s, struct arena *a, const char *from,
		      size_t size, const char **ret, struct err *e)
{
	if (size > 2 && from[0] == '0' && from[1] == 'x' &&
	    s->dialect != SQL_POSTGRESQL)
		return ret == NULL ||
		       decode_hex(s, a, from + 2, size - 2, ret, e);
	if (is_word(from, size, "null"))
		return true;
	if (!is_number(from, size) && !is_word(from, size, "true") &&
	    !is_word(from, size, "false"))
		return unknown(s, e);
	if (ret != NULL)
		*ret = arena_strndup(a, from, size);
	return true;
}

static bool is_bare(char c)
{
	return sql_is_letter(c) || c == '+' || c == '-' || c == '.';
}

static bool take_value(struct sql *s, struct arena *a, const char **ret,
		       struct err *e)
{
	const char *from = s->text + s->at;
	size_t size = 0;

	while (s->at < s->size && is_bare(s->text[s->at]))
		s->at++, size++;
	/* The name of a character set. */
	if (size > 1 && from[0] == '_' && s->dialect != SQL_POSTGRESQL) {
		if (!sql_blanks(s, e))
			return false;
		return sql_peek(s) == '_' ? unknown(s, e)
					  : take_value(s, a, ret, e);
	}
	if (sql_peek(s) != '\'')
		return take_bare(s, a, from, size, ret, e);
	return size == 0   ? take_string(s, a, s->backslashes, ret, e)
	       : size == 1 ? take_prefixed(s, a, from[0], ret, e)
			   : unknown(s, e);
}

static bool take_values(struct sql *s, struct arena *a, struct sql_row *row,
			struct err *e)
{
	size_t column = 0;

	do {
		const char **ret = wanted(s, row, column++);

		if (!sql_blanks(s, e) || !take_value(s, a, ret, e))
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
