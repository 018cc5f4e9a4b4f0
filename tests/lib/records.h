/*
 * records - shorthand for tests of core's records
 */
#ifndef TESTS_RECORDS_H
#define TESTS_RECORDS_H

#include "util/fault.h"

/* How many faults were noted, and the kind of the one of that member; -1 if it
 * has none. */
static inline size_t fault_count(const struct err *e)
{
	size_t n = 0;

	for (const struct fault *f = e->faults; f != NULL; f = f->next)
		n++;
	return n;
}

static inline int fault_kind_of(const struct err *e, struct field field)
{
	for (const struct fault *f = e->faults; f != NULL; f = f->next) {
		if (f->key == NULL && f->field.offset == field.offset)
			return (int)f->kind;
	}
	return -1;
}

#endif
