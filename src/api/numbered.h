/*
 * numbered - resources that clients of a foreign API name by numbers
 *
 * What is found by them, and what is written to it, once for all such
 * resources; what an object looks like is in tables (api/wire.h), and how it is
 * asked for is the dialect's.
 */
#ifndef API_NUMBERED_H
#define API_NUMBERED_H

#include "api/wire.h"

/* At most that many objects are written at once. */
enum { NUMBERED_WRITTEN_MAX = 500 };

/* What a route is about; and that for a kind, in the dialect of the call. */
const struct resource *numbered_resource(const struct call *call);
const struct resource *numbered_of_kind(const struct call *call, enum kind k);

/* What has that number, for who sees it.  ERR_NOT_FOUND. */
bool numbered_find(const struct call *call, const struct resource *of,
		   int64_t number, struct roster_row *ret, struct err *e);

/* A page of them. */
bool numbered_list(const struct call *call, const struct resource *of,
		   const struct roster_query *q, struct roster *ret,
		   struct err *e);

/* One of them, as it was taken. */
bool numbered_write(const struct call *call, struct item *i, struct err *e);

/* Whether that many may be written at once. */
bool numbered_fits(size_t count, struct err *e);

/* All of them, or none. */
bool numbered_write_all(const struct call *call, struct item *items,
			size_t count, struct err *e);

/* With all that is in it. */
bool numbered_remove(const struct call *call, struct item *i, struct err *e);

/* The number of what was made: that which it asked for, unless somebody else
 * has it. */
bool numbered_give(const struct call *call, const struct item *i, int64_t *ret,
		   struct err *e);

/* What is there and among the items is changed, what is not is deleted.  There
 * is room for one more item a row; returns how many there are then. */
size_t numbered_replace(const struct resource *of, const struct roster *there,
			struct item *items, size_t count);

#endif
