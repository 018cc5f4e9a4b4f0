/*
 * outcome - how a command ended, for scripts and for people
 *
 * Exit statuses of all commands but `doctor` and `audit verify`, which have
 * their own; provost(1) explains them.
 */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "cli/command.h"
#include "client/client.h"
#include "util/err.h"

enum outcome {
	OUTCOME_DONE = 0,
	OUTCOME_FAILED = 1,      /* whatever is not below */
	OUTCOME_MISUSED = 2,     /* the command line */
	OUTCOME_NOT_FOUND = 3,   /* what it is about is not there */
	OUTCOME_CONFLICT = 4,    /* what is there forbids it */
	OUTCOME_REFUSED = 5,     /* what was sent is wrong */
	OUTCOME_DENIED = 6,      /* who asked may not, or is not known */
	OUTCOME_UNAVAILABLE = 7, /* nobody answers, or not now */
	OUTCOME_UNKNOWN = 8,     /* the answer was lost: it may be done */
};

/* What a reply comes to. */
enum outcome outcome_of(const struct client_reply *r);

/* Tell on standard error what a gateway said of a request that failed, by the
 * options of the command; returns outcome_of(). */
enum outcome outcome_tell(const struct command *c,
			  const struct client_reply *r);

/* The same of a request that was not answered, or what went wrong here. */
enum outcome outcome_fail(const struct err *e);

/* Text from elsewhere, for a terminal: control characters are '?'. */
const char *outcome_clean(struct arena *a, const char *text);

#endif
