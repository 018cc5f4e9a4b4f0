#include "import/sql.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "import/sql_value.h"
#include "util/text.h"

/* Where the rows of a table begin and, behind the last of them, end. */
struct sql_span {
	struct sql from;
	size_t to;
	bool some;
};

static bool is_word(const struct sql_name *s, const char *word)
{
	return !s->quoted && s->size == strlen(word) &&
	       strncasecmp(s->text, word, s->size) == 0;
}

static bool is_name(const struct sql_name *s, const char *name)
{
	return s->size == strlen(name) &&
	       strncasecmp(s->text, name, s->size) == 0;
}

static bool is_same(const struct sql_name *a, const struct sql_name *b)
{
	return a->size == b->size &&
	       (a->size == 0 || strncasecmp(a->text, b->text, a->size) == 0);
}

void sql_begin(struct sql *ret, struct arena *a, const char *text, size_t size,
	       const struct sql_table *tables)
{
	size_t mark = text_mark_size(text, size);

	*ret = (struct sql){.text = text + mark,
			    .size = size - mark,
			    .arena = a,
			    .tables = tables,
			    .spans = arena_alloc(a,
						 SQL_TABLES *
							 sizeof(*ret->spans))};
	sql_rewind(ret);
}

void sql_rewind(struct sql *s)
{
	*s = (struct sql){.text = s->text,
			  .size = s->size,
			  .tables = s->tables,
			  .only = s->only,
			  .arena = s->arena,
			  .dialect = sql_dialect(s->text, s->size),
			  .line = 1,
			  .until = SIZE_MAX,
			  .spans = s->spans,
			  .shapes = s->shapes,
			  .shape_count = s->shape_count};
	s->backslashes = s->dialect == SQL_MYSQL;
}

bool sql_only(struct sql *s, const struct sql_table *t)
{
	const struct sql_span *span = &s->spans[t - s->tables];
	const struct sql_shape *shapes = s->shapes;
	size_t shape_count = s->shape_count;

	if (!span->some)
		return false;
	*s = span->from;
	s->only = t;
	s->until = span->to;
	s->shapes = shapes;
	s->shape_count = shape_count;
	return true;
}

/* False, and nothing taken: there is no name. */
static bool take_name(struct sql *s, struct sql_name *ret, struct err *e)
{
	if (!sql_blanks(s, e))
		return false;
	char c = sql_peek(s);
	if (c == '`' && s->dialect == SQL_UNSAID) {
		s->dialect = SQL_MYSQL;
		s->backslashes = true;
	}
	if (c == '"' || c == '`') {
		size_t end = sql_quoted_end(s, s->at, false);
		if (end == 0)
			return sql_bad(s, e, "a quoted name does not end");
		*ret = (struct sql_name){s->text + s->at + 1, end - s->at - 2,
					 true};
		sql_go(s, end);
		return true;
	}
	size_t end = s->at;
	while (end < s->size && sql_is_letter(s->text[end]))
		end++;
	*ret = (struct sql_name){s->text + s->at, end - s->at, false};
	s->at = end;
	return ret->size > 0;
}

/* NULL: it is not wanted. */
static const struct sql_table *table_of(const struct sql *s,
					const struct sql_name *name)
{
	for (const struct sql_table *t = s->tables; t->name != NULL; t++) {
		if (is_name(name, t->name))
			return t;
	}
	return NULL;
}

/* What is in no schema that is named is where PostgreSQL has it. */
static bool is_same_schema(const struct sql_name *a, const struct sql_name *b)
{
	static const struct sql_name usual = {"public", 6, false};

	return is_same(a->size > 0 ? a : &usual, b->size > 0 ? b : &usual);
}

/* Two tables of one name, elsewhere, would be mixed. */
static bool settle(struct sql *s, const struct sql_table *t,
		   const struct sql_name *qualifier, struct err *e)
{
	struct sql_home here = s->here, *home = &s->homes[t - s->tables];
	bool *settled = &s->settled[t - s->tables];

	if (qualifier->size > 0 && s->dialect == SQL_MYSQL)
		here.database = *qualifier;
	else if (qualifier->size > 0)
		here.schema = *qualifier;
	if (!*settled)
		*home = here;
	*settled = true;
	return (is_same(&home->database, &here.database) &&
		is_same_schema(&home->schema, &here.schema)) ||
	       sql_bad(s, e,
		       "two tables are called %s: let the dump be of one "
		       "database, and one schema",
		       t->name);
}

/* NULL: one that is not wanted. */
static bool take_table(struct sql *s, const struct sql_table **ret,
		       struct err *e)
{
	struct sql_name qualifier, name = {0};

	do {
		qualifier = name;
		if (!take_name(s, &name, e))
			return e->kind == ERR_NONE &&
			       sql_bad(s, e, "a table has no name");
	} while (sql_take(s, '.', e));
	*ret = table_of(s, &name);
	return e->kind == ERR_NONE &&
	       (*ret == NULL || settle(s, *ret, &qualifier, e));
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
		    known->dialect == shape->dialect &&
		    known->backslashes == shape->backslashes &&
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
		      const struct sql_name *name, struct err *e)
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

/* It knows how values are written where it ends. */
static bool shape_end(struct sql *s, struct sql_shape *shape,
		      const struct sql_shape **ret, struct err *e)
{
	for (size_t i = 0; i < shape->table->must; i++) {
		if (shape->at[i] == SQL_NOWHERE)
			return sql_bad(s, e, "table %s has no column %s",
				       shape->table->name,
				       shape->table->columns[i]);
	}
	shape->dialect = s->dialect;
	shape->backslashes = s->backslashes;
	*ret = intern(s, shape, e);
	return *ret != NULL;
}

/* (a, b, c), of which the first bracket is taken. */
static bool take_columns(struct sql *s, struct sql_shape *shape, struct err *e)
{
	struct sql_name name;

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
static bool is_constraint(const struct sql *s, const struct sql_name *name)
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
		if ((words[i].anywhere || s->dialect == SQL_MYSQL) &&
		    is_word(name, words[i].word))
			return true;
	}
	return false;
}

static bool create_table(struct sql *s, const struct sql_table *t,
			 struct err *e)
{
	struct sql_shape shape = shape_of(t, false);
	struct sql_name name;

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
	struct sql_name name;

	while (take_name(s, &name, e)) {
		if (is_word(&name, word))
			return true;
	}
	return false;
}

/* Those of them that are there. */
static bool pass_words(struct sql *s, const char *const *words, struct err *e)
{
	struct sql_name name;
	size_t at, line, i;

	do {
		at = s->at;
		line = s->line;
		if (!take_name(s, &name, e))
			break;
		for (i = 0; words[i] != NULL && !is_word(&name, words[i]); i++)
			;
	} while (words[i] != NULL);
	s->at = at;
	s->line = line;
	return e->kind == ERR_NONE;
}

/* A function, whose body may be statements up to an END of its own. */
static bool pass_routine(struct sql *s, struct err *e)
{
	struct sql_name word = {0};
	size_t depth = 0;

	while (sql_blanks(s, e) && s->at < s->size) {
		if (depth == 0 && sql_peek(s) == ';')
			return sql_pass(s, e);
		if (!sql_is_letter(sql_peek(s))) {
			if (!sql_pass(s, e))
				return false;
			continue;
		}
		bool begun = is_word(&word, "begin");
		take_name(s, &word, e);
		depth += depth == 0 ? begun && is_word(&word, "atomic")
				    : is_word(&word, "case");
		depth -= depth > 0 && is_word(&word, "end");
	}
	return e->kind == ERR_NONE &&
	       sql_bad(s, e, "the dump ends within a function");
}

static bool create(struct sql *s, struct err *e)
{
	static const char *const sorts[] = {"or",       "replace", "temporary",
					    "temp",     "global",  "local",
					    "unlogged", NULL};
	static const char *const unless[] = {"if", "not", "exists", NULL};
	const struct sql_table *t;
	struct sql_name name;

	if (!pass_words(s, sorts, e))
		return false;
	if (!take_name(s, &name, e))
		return e->kind == ERR_NONE && sql_pass_statement(s, e);
	if (is_word(&name, "function") || is_word(&name, "procedure"))
		return pass_routine(s, e);
	if (!is_word(&name, "table"))
		return sql_pass_statement(s, e);
	return pass_words(s, unless, e) && take_table(s, &t, e) &&
	       (t == NULL || create_table(s, t, e)) && sql_pass_statement(s, e);
}

static bool insert_columns(struct sql *s, const struct sql_table *t,
			   const struct sql_shape **ret, struct err *e)
{
	const struct sql_shape *made = s->made[t - s->tables];
	struct sql_shape shape = shape_of(t, false);

	if (sql_take(s, '(', e))
		return take_columns(s, &shape, e) &&
		       shape_end(s, &shape, ret, e);
	if (e->kind != ERR_NONE)
		return false;
	if (made == NULL)
		return sql_bad(s, e,
			       "nothing says what the columns of %s are: let "
			       "the dump have its CREATE TABLE, or names of "
			       "columns",
			       t->name);
	shape = *made;
	return shape_end(s, &shape, ret, e);
}

static bool insert(struct sql *s, struct err *e)
{
	static const char *const manners[] = {"low_priority",  "delayed",
					      "high_priority", "ignore",
					      "into",          NULL};
	const struct sql_shape *shape;
	const struct sql_table *t;
	struct sql_name name;

	if (!pass_words(s, manners, e) || !take_table(s, &t, e))
		return false;
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
	const struct sql_table *t;

	if (!take_table(s, &t, e))
		return false;
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

/* Whose strings are as they were before 2010, and where tables are, as was
 * said until 2018. */
static bool set(struct sql *s, struct err *e)
{
	static const char *const to[] = {"to", NULL};
	struct sql_name name, value;

	if (!take_name(s, &name, e) ||
	    (!sql_take(s, '=', e) && !pass_words(s, to, e)) ||
	    !take_name(s, &value, e))
		return e->kind == ERR_NONE && sql_pass_statement(s, e);
	if (is_word(&name, "standard_conforming_strings")) {
		s->dialect = SQL_POSTGRESQL;
		s->backslashes = is_word(&value, "off");
	} else if (is_word(&name, "search_path")) {
		s->here.schema = value;
	}
	return sql_pass_statement(s, e);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word of the line, which is no name; empty: there is none. */
static struct sql_name next_word(struct sql *s)
{
	const char *from = s->text + s->at;
	const char *line = memchr(from, '\n', s->size - s->at);
	const char *end = line != NULL ? line : s->text + s->size, *to;

	while (from < end && is_blank(*from))
		from++;
	for (to = from; to < end && !is_blank(*to);)
		to++;
	s->at = (size_t)(to - s->text);
	return (struct sql_name){from, (size_t)(to - from), false};
}

/* Bodies of procedures, which end otherwise. */
static bool delimiter(struct sql *s, struct err *e)
{
	struct sql_name now = next_word(s), word;
	size_t line = s->line;

	while (!is_word(&now, ";") && s->at < s->size) {
		sql_pass_line(s);
		word = next_word(s);
		if (is_word(&word, "delimiter"))
			now = next_word(s);
	}
	if (is_word(&now, ";")) {
		sql_pass_line(s);
		return true;
	}
	s->line = line;
	return sql_bad(s, e, "a DELIMITER is never set back");
}

static bool use(struct sql *s, struct err *e)
{
	return (take_name(s, &s->here.database, e) || e->kind == ERR_NONE) &&
	       sql_pass_statement(s, e);
}

/* What is for psql, to the end of the line. */
static void command(struct sql *s)
{
	struct sql_name word = next_word(s);

	if (is_word(&word, "\\connect") || is_word(&word, "\\c")) {
		size_t from = s->at;

		sql_pass_line(s);
		s->here = (struct sql_home){
			.database = {s->text + from, s->at - from, false}};
		return;
	}
	sql_pass_line(s);
}

static bool statement(struct sql *s, struct err *e)
{
	static const struct {
		const char *word;
		bool (*take)(struct sql *s, struct err *e);
	} known[] = {
		{"copy", copy},
		{"insert", insert},
		{"replace", insert},
		{"create", create},
		{"set", set},
		{"use", use},
		{"delimiter", delimiter},
	};
	struct sql_name word;

	if (sql_peek(s) == '\\') {
		command(s);
		return true;
	}
	if (!take_name(s, &word, e))
		return e->kind == ERR_NONE && sql_pass_statement(s, e);
	for (size_t i = 0; i < COUNT(known); i++) {
		if (is_word(&word, known[i].word))
			return known[i].take(s, e);
	}
	return sql_pass_statement(s, e);
}

/* Where it is, is noted as long as all are wanted. */
static bool next_row(struct sql *s, struct arena *a, struct sql_row *ret,
		     struct err *e)
{
	struct sql_span *span = &s->spans[s->rows->table - s->tables];

	if (s->only == NULL && !span->some)
		span->from = *s;
	if (!sql_row(s, a, ret, e))
		return false;
	if (s->only != NULL)
		return ret->table == s->only;
	span->some = true;
	span->to = s->at;
	return true;
}

static bool end(const struct sql *s, struct err *e)
{
	if (s->open != 0)
		sql_bad(s, e,
			"the dump is cut off: the line is missing that its "
			"program ends it with");
	return false;
}

bool sql_next(struct sql *s, struct arena *a, struct sql_row *ret,
	      struct err *e)
{
	while (s->at < s->until) {
		if (s->rows != NULL) {
			if (next_row(s, a, ret, e))
				return true;
			if (e->kind != ERR_NONE)
				return false;
			continue;
		}
		if (!sql_blanks(s, e))
			return false;
		if (s->at == s->size)
			return end(s, e);
		if (!statement(s, e))
			return false;
	}
	return false;
}

bool sql_again(const struct sql *s, struct arena *a,
	       const struct sql_shape *shape, size_t at, size_t line,
	       struct sql_row *ret)
{
	struct sql there = *s;
	struct err none = {0};

	there.at = there.rested = at;
	there.line = line;
	there.rows = shape;
	there.dialect = shape->dialect;
	there.backslashes = shape->backslashes;
	there.only = NULL;
	return sql_row(&there, a, ret, &none);
}
