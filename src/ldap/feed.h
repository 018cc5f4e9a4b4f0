/*
 * feed - core/feed.h on top of the directory's log
 *
 * What is new is read once for all who follow it, by one fiber of the process,
 * as soon as ldap/follow.h has heard of it, and kept in memory for a while. Who
 * is further behind than that reads the log by himself, until he is not.
 */
#ifndef LDAP_FEED_H
#define LDAP_FEED_H

#include "core/feed.h"
#include "core/store.h"
#include "ldap/notices.h"
#include "loop/loop.h"

enum {
	FEED_CHANGES = 4096,  /* that are kept, at most */
	FEED_BYTES = 8 << 20, /* and what they may take */
};

/* What the loops share. */
struct feed_hub;
struct feed_hub *feed_hub_new(struct notices *n);
void feed_hub_free(struct feed_hub **h); /* accepts NULL */

/* The newest record of the log that was seen, "" if there is none; for
 * ldap/follow.h. */
void feed_hub_seen(struct feed_hub *h, const char *csn);

/* A loop's own.  Close it on the loop's thread, when nobody reads. */
struct feed *ldap_feed_open(struct loop *l, struct store *s,
			    struct feed_hub *h);
void ldap_feed_close(struct feed **f); /* accepts NULL */

/* The fiber that reads what is new, on the loop of that one; it ends when the
 * store is closed for good.  False: there is no fiber left. */
bool ldap_feed_pump(struct feed *f);

#endif
