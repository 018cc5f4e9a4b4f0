/*
 * lines - files with a record a line, of which some belong together
 *
 * The file is read in several turns: the first notes what is where, others tell
 * what comes before what.
 */
#ifndef IMPORT_LINES_H
#define IMPORT_LINES_H

#include "import/reader.h"
#include "import/whereabouts.h"

struct lines {
	struct reader *reader;
	struct arena *scratch; /* what the last lines said */
	size_t count, work;
	size_t turn;
	const char *text; /* the last, up to its end */
	size_t at, line;  /* where it begins */
	bool blank, too_long;
};

void lines_begin(struct lines *ret, struct reader *r);

/* False at the end, behind which the next turn begins. */
bool lines_next(struct lines *l);

/* The last one comes once more. */
void lines_back(struct lines *l);

/* One that was read before; lives as the last. */
const char *lines_again(struct lines *l, const struct place *place);

/* Note where the last is, by a name that it has. */
bool lines_note(const struct lines *l, struct whereabouts *to, const char *name,
		struct err *e);

/* Cells between separators, without blanks around them; between semicolons
 * what is in quotes is as it is.  How many there are; more than `most` are not
 * told. */
size_t lines_cells(struct lines *l, char separator, const char **cells,
		   size_t most);

/* 10, 10K, 10M...: times the unit where there is no letter.  False: it is
 * none, or too much. */
bool lines_bytes(const char *text, int64_t unit, int64_t *ret);

#endif
