/*
 * changes - the feed of changes as JSON; what one page and a stream of them
 * share
 */
#ifndef API_CHANGES_H
#define API_CHANGES_H

#include "api/route.h"
#include "core/feed.h"

/* What somebody wants to hear of. */
struct change_filter {
	bool subjects[SUBJECT_COUNT];
	const char *domain; /* NULL: any */
};

bool change_is_wanted(const struct change_filter *f, const struct change *c);

/* "user.changed" and the like. */
const char *change_name(struct arena *a, const struct change *c);

json_t *change_show(struct arena *a, const struct change *c);

/* A place as a cursor. */
const char *change_cursor(struct arena *a, const char *place);

/* Reply with a stream of what comes behind that place, as server-sent events.
 */
bool change_stream(const struct call *call, struct response *res,
		   const struct change_filter *f, const char *place,
		   struct err *e);

#endif
