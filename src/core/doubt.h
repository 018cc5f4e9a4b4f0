/*
 * doubt - a write whose answer was lost, settled by asking again
 *
 * Every write of ours may be sent twice: an address can be added once, a change
 * holds only for the state that was read, and what is gone stays gone.  So what
 * became of a write is found out by sending it again.
 */
#ifndef CORE_DOUBT_H
#define CORE_DOUBT_H

#include "core/gateway.h"

struct doubt {
	int64_t began; /* by clock_now() */
	unsigned tries;
	bool any;  /* an earlier try may have been done */
	bool lost; /* of one the answer was lost, so that it may come to pass
		    * even later; else the directory said that it failed */
};

struct doubt doubt_begin(void);

/* After a failure: true if the write is to be sent again, after a pause that
 * this function makes.  Else e tells the truth; ERR_UNKNOWN if nobody knows. */
bool doubt_again(struct doubt *d, const struct gateway *g, const struct task *t,
		 struct err *e);

/* After the last try: the store was read, and the write was not done.  Says so,
 * if that is certain. */
void doubt_disproved(const struct doubt *d, struct err *e);

/* Whether what is there, made at that time (RFC 3339), may have been made since
 * we began.  The clocks of store and gateway may differ by two seconds. */
bool doubt_is_recent(const struct doubt *d, const char *created_at);

#endif
