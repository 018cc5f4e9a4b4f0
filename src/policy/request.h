/*
 * request - the policy protocol of Postfix (SMTPD_POLICY_README) as text
 *
 * A request is lines of "name=value" and an empty line.  We understand it as a
 * server, and speak it to Dovecot's quota-status, which is one, too.
 */
#ifndef POLICY_REQUEST_H
#define POLICY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/err.h"

enum {
	REQUEST_LINE_MAX = 4096, /* bytes; Postfix's own limit is 2,048 */
	REQUEST_MAX = 16384,
	REQUEST_LINES_MAX = 128,
};

/* What we want to know of it; "" where it was not sent.  An attribute that is
 * sent twice counts as sent first. */
struct policy_request {
	const char *request, *state;
	const char *sender, *recipient, *size;
};

/* How many bytes the first request of the text has, its empty line included;
 * 0 while there is none.  False if what is there cannot become a request. */
bool request_size(const char *text, size_t size, size_t *ret, struct err *e);

/* That many bytes as a request.  ERR_MALFORMED if they are none. */
bool request_read(struct arena *a, const char *text, size_t size,
		  struct policy_request *ret, struct err *e);

/* The request by which a mailbox is asked for its room. */
const char *request_write(struct arena *a, const struct policy_request *r);

/* The reply to one: "action=..." and an empty line.  The same rules of size;
 * ret is the action. */
bool reply_read(struct arena *a, const char *text, size_t size,
		const char **ret, struct err *e);

/* Whether such an action says that the mailbox is full: it refuses, and with
 * the status 4.2.2 or 5.2.2. */
bool reply_is_full(const char *action);

#endif
