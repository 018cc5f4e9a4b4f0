/*
 * rows - aliases as clients see them to which each destination is an object
 *
 * An alias with three destinations is three rows with the same source.  So is a
 * user who forwards to two and keeps a copy, which is a row that leads to
 * himself.
 */
#ifndef CORE_ROWS_H
#define CORE_ROWS_H

#include "core/changeset.h"

struct alias_row {
	const char *source, *destination;
};

/* Into a change set: this row in the place of that one.  was == NULL: it is
 * new; now == NULL: that one goes, and with the last the alias.  ERR_EXISTS:
 * there is such a row. */
bool rows_put(struct changeset *c, const struct alias_row *was,
	      const struct alias_row *now, struct err *e);

/* Once that is done: the number of one is that of the other. */
bool rows_renumber(const struct gateway *g, const struct task *t,
		   const struct alias_row *was, const struct alias_row *now,
		   int64_t number, struct err *e);

#endif
