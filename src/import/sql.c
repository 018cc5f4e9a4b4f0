#include "import/sql.h"

#include <string.h>
#include <strings.h>

#include "import/sql_value.h"
#include "util/text.h"

enum { HEAD = 65536 };

/* A name as it stands there. */
struct slice {
	const char *text;
	size_t size;
	bool quoted;
};

static bool is_word(const struct slice *s, const char *word)
{
	return !s->quoted && s->size == strlen(word) &&
	       strncasecmp(s->text, word, s->size) == 0;
}

static bool is_name(const struct slice *s, const char *name)
{
	return s->size == strlen(name) &&
	       strncasecmp(s->text, name, s->size) == 0;
}

/* Programs say what they are, and one of them quotes names as nobody else. */
static bool has_backslashes(const char *text, size_t size)
{
	static const char *const signs[] = {"MySQL dump", "MariaDB dump",
					    "phpMyAdmin", "`"};

	size = size < HEAD ? size : HEAD;
	if (memmem(text, size, "PostgreSQL database", 19) != NULL)
		return false;
	for (size_t i = 0; i < COUNT(signs); i++) {
		if (memmem(text, size, signs[i], strlen(signs[i])) != NULL)
			return true;
	}
	return false;
}

void sql_begin(struct sql *ret, struct arena *a, const char *text, size_t size,
	       const struct sql_table *tables)
{
	*ret = (struct sql){.text = text,
			    .size = size,
			    .arena = a,
			    .tables = tables};
	sql_rewind(ret);
}

void sql_rewind(struct sql *s)
{
	s->at = 0;
	s->line = 1;
	s->rows = NULL;
	s->backslashes = has_backslashes(s->text, s->size);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* False, and nothing taken: there is no name. */
static bool take_name(struct sql *s, struct slice *ret, struct err *e)
{
	if (!sql_blanks(s, e))
		return false;
	char c = sql_peek(s);
	if (c == '"' || c == '`') {
		size_t end = sql_quoted_end(s, s->at, false);
		if (end == 0)
			return sql_bad(s, e, "a quoted name does not end");
		*ret = (struct slice){s->text + s->at + 1, end - s->at - 2,
				      true};
		sql_go(s, end);
		return true;
	}
	size_t end = s->at;
	while (end < s->size && is_letter(s->text[end]))
		end++;
	*ret = (struct slice){s->text + s->at, end - s->at, false};
	s->at = end;
	return ret->size > 0;
}

/* With what is before the dot, which does not matter. */
static bool take_table(struct sql *s, struct slice *ret, struct err *e)
{
	do {
		if (!take_name(s, ret, e))
			return e->kind == ERR_NONE &&
			       sql_bad(s, e, "a table has no name");
	} while (sql_take(s, '.', e));
	return e->kind == ERR_NONE;
}

/* NULL: it is not wanted. */
static const struct sql_table *table_of(const struct sql *s,
					const struct slice *name)
{
	for (const struct sql_table *t = s->tables; t->name != NULL; t++) {
		if (is_name(name, t->name))
			return t;
	}
	return NULL;
}

/* The one that there is already, as each INSERT may say the same. */
static const struct sql_shape *intern(struct sql *s,
				      const struct sql_shape *shape,
				      struct err *e)
{
	const struct sql_shape *known = s->shapes;

	for (; known != NULL; known = known->next) {
		if (known->table == shape->table &&
		    known->copy == shape->copy &&
		    known->width == shape->width &&
		    memcmp(known->at, shape->at, sizeof(known->at)) == 0)
			return known;
	}
	if (s->shape_count++ == SQL_SHAPES) {
		sql_bad(s, e, "the columns are others too often");
		return NULL;
	}
	struct sql_shape *own = arena_copy(s->arena, shape, sizeof(*shape));
	own->next = s->shapes;
	s->shapes = own;
	return own;
}

static bool shape_add(struct sql *s, struct sql_shape *shape,
		      const struct slice *name, struct err *e)
{
	for (size_t i = 0; i < SQL_COLUMNS; i++) {
		const char *column = shape->table->columns[i];

		if (column != NULL && is_name(name, column))
			shape->at[i] = shape->width;
	}
	return ++shape->width <= SQL_WIDTH ||
	       sql_bad(s, e, "a table has too many columns");
}

static struct sql_shape shape_of(const struct sql_table *t, bool copy)
{
	struct sql_shape ret = {.table = t, .copy = copy};

	for (size_t i = 0; i < SQL_COLUMNS; i++)
		ret.at[i] = SQL_NOWHERE;
	return ret;
}

static bool shape_end(struct sql *s, const struct sql_shape *shape,
		      const struct sql_shape **ret, struct err *e)
{
	for (size_t i = 0; i < shape->table->must; i++) {
		if (shape->at[i] == SQL_NOWHERE)
			return sql_bad(s, e, "table %s has no column %s",
				       shape->table->name,
				       shape->table->columns[i]);
	}
	*ret = intern(s, shape, e);
	return *ret != NULL;
}

/* (a, b, c), of which the first bracket is taken. */
static bool take_columns(struct sql *s, struct sql_shape *shape, struct err *e)
{
	struct slice name;

	do {
		if (!take_name(s, &name, e))
			return e->kind == ERR_NONE &&
			       sql_bad(s, e, "a column has no name");
		if (!shape_add(s, shape, &name, e))
			return false;
	} while (sql_take(s, ',', e));
	return e->kind == ERR_NONE &&
	       (sql_take(s, ')', e) ||
		sql_bad(s, e, "the names of the columns do not end"));
}

/* To the end of what is between brackets or commas; false at neither. */
static bool pass_definition(struct sql *s, struct err *e)
{
	for (size_t depth = 0; sql_blanks(s, e) && s->at < s->size;) {
		char c = sql_peek(s);

		if (depth == 0 && (c == ',' || c == ')'))
			return true;
		depth += c == '(';
		depth -= c == ')';
		if (c == ';' || !sql_pass(s, e))
			break;
	}
	return e->kind == ERR_NONE &&
	       sql_bad(s, e, "a CREATE TABLE does not end");
}

/* What begins a line in CREATE TABLE and is no column; where names have other
 * quotes, some of these words are names. */
static bool is_constraint(const struct sql *s, const struct slice *name)
{
	static const struct {
		const char *word;
		bool anywhere;
	} words[] = {{"primary", true},  {"unique", true},
		     {"check", true},    {"constraint", true},
		     {"foreign", true},  {"exclude", true},
		     {"like", true},     {"key", false},
		     {"index", false},   {"fulltext", false},
		     {"spatial", false}, {"period", false}};

	for (size_t i = 0; i < COUNT(words); i++) {
		if ((words[i].anywhere || s->backslashes) &&
		    is_word(name, words[i].word))
			return true;
	}
	return false;
}

static bool create_table(struct sql *s, const struct sql_table *t,
			 struct err *e)
{
	struct sql_shape shape = shape_of(t, false);
	struct slice name;

	if (!sql_take(s, '(', e))
		return e->kind == ERR_NONE;
	do {
		if (!take_name(s, &name, e))
			return e->kind == ERR_NONE &&
			       sql_bad(s, e, "a column has no name");
		if ((!is_constraint(s, &name) &&
		     !shape_add(s, &shape, &name, e)) ||
		    !pass_definition(s, e))
			return false;
	} while (sql_take(s, ',', e));
	return e->kind == ERR_NONE &&
	       shape_end(s, &shape, &s->made[t - s->tables], e);
}

/* The words up to that one, and it.  False: it does not come. */
static bool take_until(struct sql *s, const char *word, struct err *e)
{
	struct slice name;

	while (take_name(s, &name, e)) {
		if (is_word(&name, word))
			return true;
	}
	return false;
}

static bool create(struct sql *s, struct err *e)
{
	struct sql ahead = *s;
	struct slice name;

	if (!take_name(s, &name, e))
		return e->kind == ERR_NONE && sql_pass_statement(s, e);
	if (is_word(&name, "temporary") || is_word(&name, "unlogged"))
		take_name(s, &name, e);
	if (e->kind != ERR_NONE || !is_word(&name, "table"))
		return e->kind == ERR_NONE && sql_pass_statement(s, e);
	ahead = *s;
	if (take_name(s, &name, e) && is_word(&name, "if"))
		take_until(s, "exists", e);
	else
		*s = ahead;
	if (e->kind != ERR_NONE || !take_table(s, &name, e))
		return false;
	const struct sql_table *t = table_of(s, &name);
	return (t == NULL || create_table(s, t, e)) && sql_pass_statement(s, e);
}

static bool insert_columns(struct sql *s, const struct sql_table *t,
			   const struct sql_shape **ret, struct err *e)
{
	struct sql_shape shape = shape_of(t, false);

	if (sql_take(s, '(', e))
		return take_columns(s, &shape, e) &&
		       shape_end(s, &shape, ret, e);
	*ret = s->made[t - s->tables];
	return e->kind == ERR_NONE &&
	       (*ret != NULL ||
		sql_bad(s, e,
			"nothing says what the columns of %s are: let the dump "
			"have its CREATE TABLE, or names of columns",
			t->name));
}

static bool insert(struct sql *s, struct err *e)
{
	const struct sql_shape *shape;
	struct slice name;

	if (!take_until(s, "into", e))
		return e->kind == ERR_NONE && sql_pass_statement(s, e);
	if (!take_table(s, &name, e))
		return false;
	const struct sql_table *t = table_of(s, &name);
	if (t == NULL)
		return sql_pass_statement(s, e);
	if (!insert_columns(s, t, &shape, e))
		return false;
	/* A SELECT would be a word, too. */
	if (!take_name(s, &name, e) ||
	    (is_word(&name, "overriding") && !take_until(s, "values", e)) ||
	    (!is_word(&name, "overriding") && !is_word(&name, "values") &&
	     !is_word(&name, "value")))
		return e->kind == ERR_NONE &&
		       sql_bad(s, e, "an INSERT into %s has no values",
			       t->name);
	s->rows = shape;
	return true;
}

/* FROM stdin, and whatever is before the rows. */
static bool copy(struct sql *s, struct err *e)
{
	struct slice name;

	if (!take_table(s, &name, e))
		return false;
	const struct sql_table *t = table_of(s, &name);
	struct sql_shape shape = shape_of(t, true);
	if (t != NULL && (!sql_take(s, '(', e) || !take_columns(s, &shape, e) ||
			  !shape_end(s, &shape, &s->rows, e)))
		return e->kind == ERR_NONE &&
		       sql_bad(s, e, "a COPY of %s does not name its columns",
			       t->name);
	size_t from = s->at;
	if (!sql_pass_statement(s, e))
		return false;
	const char *head = s->text + from;
	size_t size = s->at - from;
	bool text = memmem(head, size, "stdin", 5) != NULL ||
		    memmem(head, size, "STDIN", 5) != NULL;
	if (t != NULL && (!text || memmem(head, size, "csv", 3) != NULL ||
			  memmem(head, size, "CSV", 3) != NULL))
		return sql_bad(s, e, "a COPY of %s is not what pg_dump writes",
			       t->name);
	sql_pass_line(s);
	return t != NULL || !text || sql_pass_rows(s, e);
}

/* Whose strings are as they were before 2010. */
static bool set(struct sql *s, struct err *e)
{
	struct slice name;

	if (take_name(s, &name, e) &&
	    is_word(&name, "standard_conforming_strings") &&
	    sql_take(s, '=', e) && take_name(s, &name, e))
		s->backslashes = is_word(&name, "off");
	return e->kind == ERR_NONE && sql_pass_statement(s, e);
}

/* Bodies of procedures, which end otherwise. */
static bool delimiter(struct sql *s, struct err *e)
{
	static const char back[] = "\nDELIMITER ;";
	const char *end;

	sql_pass_line(s);
	s->at--;
	end = memmem(s->text + s->at, s->size - s->at, back, strlen(back));
	s->at++;
	if (end == NULL)
		return sql_bad(s, e, "a DELIMITER is never set back");
	sql_go(s, (size_t)(end - s->text) + strlen(back));
	return true;
}

static bool statement(struct sql *s, struct err *e)
{
	struct slice word;

	if (sql_peek(s) == '\\') {
		sql_pass_line(s);
		return true;
	}
	if (!take_name(s, &word, e))
		return e->kind == ERR_NONE && sql_pass_statement(s, e);
	if (is_word(&word, "copy"))
		return copy(s, e);
	if (is_word(&word, "insert") || is_word(&word, "replace"))
		return insert(s, e);
	if (is_word(&word, "create"))
		return create(s, e);
	if (is_word(&word, "set"))
		return set(s, e);
	if (is_word(&word, "delimiter"))
		return delimiter(s, e);
	return sql_pass_statement(s, e);
}

bool sql_next(struct sql *s, struct arena *a, struct sql_row *ret,
	      struct err *e)
{
	for (;;) {
		if (s->rows != NULL) {
			bool some = sql_row(s, a, ret, e);

			if (e->kind != ERR_NONE)
				return false;
			if (some && (s->only == NULL || ret->table == s->only))
				return true;
			continue;
		}
		if (!sql_blanks(s, e) || s->at == s->size || !statement(s, e))
			return false;
	}
}

bool sql_again(const struct sql *s, struct arena *a,
	       const struct sql_shape *shape, size_t at, size_t line,
	       struct sql_row *ret)
{
	struct sql there = *s;
	struct err none = {0};

	there.at = at;
	there.line = line;
	there.rows = shape;
	there.only = NULL;
	return sql_row(&there, a, ret, &none);
}
