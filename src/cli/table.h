/*
 * table - rows of text: drawn on a terminal, else with tabs between
 *
 * On a terminal there are headings, and columns as wide as what a page of rows
 * has in them.  Elsewhere there is one line a row and nothing else, for cut(1)
 * and awk(1).  Control characters are never printed.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table;

/* A heading for each column; NULL: none are shown. */
struct table *table_new(size_t columns, const char *const *headings);

/* As many texts as there are columns; NULL is empty. */
void table_add(struct table *t, const char *const *texts);

/* Print what was added, and forget it.  The headings come once. */
void table_flush(struct table *t);

/* Flushes it first; for CLEANUP(). */
void table_free(struct table **t);

#endif
