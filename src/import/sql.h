/*
 * sql - the rows of some tables in a dump of a database
 *
 * What pg_dump and mysqldump write: COPY with its rows, INSERT with values, and
 * CREATE TABLE, which says what columns there are where an INSERT does not.
 * Everything else is passed over as what it is, with its quotes, comments and
 * bodies of functions.  What is not understood where rows are wanted is told,
 * and ends it: half of a table is worse than none.
 *
 * Nothing is kept of the text but where it is read, so it may be read as often
 * as it takes.
 */
#ifndef IMPORT_SQL_H
#define IMPORT_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "import/sql_dialect.h"
#include "util/arena.h"
#include "util/err.h"

enum {
	SQL_TABLES = 16,
	SQL_COLUMNS = 20, /* of a table, that are wanted */
	SQL_WIDTH = 1000, /* that it may have */
	SQL_SHAPES = 100, /* ways in which rows come */
	SQL_VALUE = 1 << 20,
};

struct sql_table {
	const char *name;
	size_t must; /* the first columns, which it has to have */
	const char *columns[SQL_COLUMNS];
};

struct sql_shape;
struct sql_span;

/* A name as it stands there. */
struct sql_name {
	const char *text;
	size_t size;
	bool quoted;
};

/* Where a table is; unnamed what is not said. */
struct sql_home {
	struct sql_name database, schema;
};

struct sql {
	const char *text;
	size_t size;
	const struct sql_table *tables; /* up to one without a name */
	const struct sql_table *only;   /* whose rows are told; NULL: of all */
	struct arena *arena;
	enum sql_dialect dialect;
	bool backslashes; /* in all quotes; else only where E is before */
	size_t at, line;
	size_t until;         /* where no more is wanted */
	size_t rested;        /* where others had their turn */
	unsigned open;        /* what was begun and has to say that it ends */
	struct sql_home here; /* of tables that do not say where they are */
	struct sql_home homes[SQL_TABLES];
	bool settled[SQL_TABLES];     /* which of them have a home */
	struct sql_span *spans;       /* of tables, as far as all was read */
	const struct sql_shape *rows; /* what comes next; NULL: a statement */
	const struct sql_shape *made[SQL_TABLES], *shapes;
	size_t shape_count;
};

struct sql_row {
	const struct sql_table *table;
	const struct sql_shape *shape;
	size_t at, line;
	const char *values[SQL_COLUMNS]; /* NULL: it has none */
};

void sql_begin(struct sql *ret, struct arena *a, const char *text, size_t size,
	       const struct sql_table *tables);

/* The next row; false at the end, or with e. */
bool sql_next(struct sql *s, struct arena *a, struct sql_row *ret,
	      struct err *e);

/* To the beginning. */
void sql_rewind(struct sql *s);

/* All was read once: from here on the rows of one table alone, and no more is
 * read than what they are in.  False: it has none. */
bool sql_only(struct sql *s, const struct sql_table *t);

/* One that was read before. */
bool sql_again(const struct sql *s, struct arena *a,
	       const struct sql_shape *shape, size_t at, size_t line,
	       struct sql_row *ret);

#endif
