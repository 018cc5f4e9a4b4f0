/*
 * prefer - what a client would rather have (RFC 7240)
 *
 * What is not known is passed over, as the RFC wants it.  A header that cannot
 * be read is refused all the same: it may have asked that nothing be written.
 */
#ifndef API_PREFER_H
#define API_PREFER_H

#include "http/exchange.h"
#include "util/err.h"

enum { PREFER_NO_WAIT = -1 };

struct preferences {
	bool dry_run;       /* check everything and write nothing; whatever
			     * value came with it */
	bool respond_async; /* rather a job than a long wait */
	int64_t wait;       /* seconds; or PREFER_NO_WAIT */
};

/* Out of all headers of that name; of one that is there twice the first
 * counts.  ERR_MALFORMED if one cannot be read. */
bool prefer_read(const struct request *req, struct preferences *ret,
		 struct err *e);

/* Tell the client that this preference was honoured: once for a reply, with
 * commas if there are several. */
void prefer_applied(struct response *res, const char *words);

#endif
