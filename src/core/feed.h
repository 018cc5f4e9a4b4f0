/*
 * feed - the changes, one after the other, from any place on
 *
 * The port behind GET /v1/changes, and for whatever else has to hear of each
 * change once and in order.  To read on from a place, over and over:
 *
 *	f->ops->sight(f, &task, &sight, &e);      what the caller may see now
 *	f->ops->read(f, &task, sight, place, limit, &page, &e);
 *	... do something with page.items; then keep page.reached as the place
 *	f->ops->await(f, place, until);           if there was nothing
 *
 * A place is short text that may be kept for as long as the directory keeps its
 * log: who keeps it in the directory can go on at any gateway.  If it is
 *written after what was to be done with the changes up to it, each is done at
 *least once; ERR_GONE says that the log does not reach back to it, so that
 *nobody knows what was missed.  One who is no client but acts for somebody
 *later uses a task whose caller is that one.
 */
#ifndef CORE_FEED_H
#define CORE_FEED_H

#include "core/change.h"
#include "core/task.h"
#include "util/err.h"

struct feed;
struct sight; /* what somebody may see; opaque */

struct change_page {
	struct change *items; /* what the caller sees, in order; it lives in the
			       * task's arena */
	size_t count;
	const char *reached; /* up to where was looked */
	bool more;           /* there is more behind that already */
	bool stale;          /* something changed what the caller may see:
			      * look at that anew before reading on */
};

struct feed_ops {
	/* The end, and all that was ever acknowledged is before it. */
	bool (*end)(struct feed *f, const struct task *t, const char **ret,
		    struct err *e);

	/* ERR_MALFORMED if it is no place, ERR_GONE if it is not one of this
	 * log, or not any more. */
	bool (*check)(struct feed *f, const struct task *t, const char *place,
		      struct err *e);

	/* With the caller's rights: what he may see at the moment, in the
	 * arenas of the task and of its caller. */
	bool (*sight)(struct feed *f, const struct task *t, struct sight **ret,
		      struct err *e);

	/* What is behind a place, with the gateway's own rights; at most
	 * `limit` changes are looked at.  ERR_GONE. */
	bool (*read)(struct feed *f, const struct task *t, struct sight *s,
		     const char *place, size_t limit, struct change_page *ret,
		     struct err *e);

	/* Wait until there is something behind that place, or until then, or
	 * until the fiber is woken. */
	void (*await)(struct feed *f, const char *place, int64_t until);

	/* Somebody reads on and on from here: as long what is new is read once
	 * for all who do.  They are counted. */
	void (*join)(struct feed *f);
	void (*leave)(struct feed *f);
};

struct feed {
	const struct feed_ops *ops;
};

#endif
