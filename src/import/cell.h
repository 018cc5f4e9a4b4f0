/*
 * cell - values that spreadsheets would take for formulas
 *
 * Programs that open a file of values run what begins with = + - @, a tab or a
 * line end.  So an apostrophe goes before such a value, and before one that has
 * one already where it could be mistaken; reading takes it away again.
 */
#ifndef IMPORT_CELL_H
#define IMPORT_CELL_H

#include "util/arena.h"

/* As it may be written; not yet quoted. */
const char *cell_defuse(struct arena *a, const char *text);

/* As a value in a row: defused, and quoted where that is needed. */
const char *cell_quote(struct arena *a, const char *text);

/* As it was before. */
const char *cell_undo(const char *text);

#endif
