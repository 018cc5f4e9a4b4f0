/*
 * work - the records that the steps of a change set write, member by member
 */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include "core/plan.h"

/* A member that is stored; the name ends a table with NULL. */
struct work_field {
	const char *name;
	struct field field;
	bool shown; /* it can be read again, and is the operator's */
};

/* NULL: there are no works on records of that kind. */
const struct work_field *work_fields(enum kind k);

bool work_same_field(struct field f, const void *a, const void *b);

/* Whether all that is shown is the same. */
bool work_same(enum kind k, const void *a, const void *b);

#endif
