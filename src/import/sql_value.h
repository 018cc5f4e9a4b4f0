/*
 * sql_value - what a statement is made of, below its meaning
 */
#ifndef IMPORT_SQL_VALUE_H
#define IMPORT_SQL_VALUE_H

#include "import/sql.h"

enum { SQL_NOWHERE = SQL_WIDTH + 1 };

/* Which columns rows have. */
struct sql_shape {
	const struct sql_table *table;
	enum sql_dialect dialect;
	bool backslashes;
	bool copy;                     /* as lines, not as values in brackets */
	size_t width, at[SQL_COLUMNS]; /* where those are that are wanted */
	const struct sql_shape *next;
};

/* Note what is wrong, and where; always false. */
bool sql_bad(const struct sql *s, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Of names that need no quotes. */
bool sql_is_letter(char c);

/* '\0' at the end. */
char sql_peek(const struct sql *s);

/* Onwards to there, with its lines. */
void sql_go(struct sql *s, size_t to);

/* Blanks and comments. */
bool sql_blanks(struct sql *s, struct err *e);

/* That character behind them; false: it is another. */
bool sql_take(struct sql *s, char c, struct err *e);

/* Behind the quote that ends what the one at `at` begins; 0: none does. */
size_t sql_quoted_end(const struct sql *s, size_t at, bool backslashes);

/* What is next, whatever it is: a quoted text whole, else a character. */
bool sql_pass(struct sql *s, struct err *e);

/* To the end of the line, of the statement, or of the rows of a COPY. */
void sql_pass_line(struct sql *s);
bool sql_pass_statement(struct sql *s, struct err *e);
bool sql_pass_rows(struct sql *s, struct err *e);

/* The next of s->rows.  False without e: that was the last. */
bool sql_row(struct sql *s, struct arena *a, struct sql_row *ret,
	     struct err *e);

#endif
