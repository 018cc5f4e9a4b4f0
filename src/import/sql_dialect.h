/*
 * sql_dialect - which database a dump is of, by what its program says
 *
 * That is in comments before the first statement, and again in one behind the
 * last where the program writes one.  Nothing that stands in rows counts.
 */
#ifndef IMPORT_SQL_DIALECT_H
#define IMPORT_SQL_DIALECT_H

#include <stddef.h>

enum sql_dialect { SQL_UNSAID, SQL_POSTGRESQL, SQL_MYSQL };

enum sql_dialect sql_dialect(const char *text, size_t size);

/* Note in open, as bits, what a comment says that begins there: that a dump
 * begins that will say where it ends, or that one ends. */
void sql_dialect_note(const char *line, size_t size, unsigned *open);

#endif
