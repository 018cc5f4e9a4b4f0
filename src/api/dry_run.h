/*
 * dry_run - what a client is told of a request that only was rehearsed
 *
 * The reply is of a media type of its own, because it is about the resource and
 * not the resource itself.
 */
#ifndef API_DRY_RUN_H
#define API_DRY_RUN_H

#include "api/route.h"

/* If the client prefers that and it is a request that writes: it will not.
 * Call it before the route's own function. */
void dry_run_begin(struct call *call);

/* In place of the reply, unless the route has told it itself and said so with
 * Preference-Applied, of a request that would have been done: what it had to
 * be, what would differ, and by which operations. */
bool dry_run_tell(const struct call *call, struct response *res, json_t **reply,
		  struct err *e);

#endif
