/*
 * plan - what a load generator is to do, from its command line
 */
#ifndef TESTS_BENCH_PLAN_H
#define TESTS_BENCH_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/names.h"

enum work {
	WORK_GET,
	WORK_LIST,
	WORK_CREATE,
	WORK_PATCH,
	WORK_DELETE,
	WORK_LOGIN,
	WORK_PASSWORD, /* of load alone */
	WORK_COUNT,
};

enum {
	LIST_LIMIT = 50, /* of the HOUSEHOLD in a domain */
	PLAN_OUTSTANDING_MAX = 4096,
	DRAIN_SECONDS = 20, /* for what is under way when the time is over */
};

struct plan {
	enum work work;
	int64_t outstanding; /* requests at a time */
	int64_t millis;      /* how long new ones are begun */
	int64_t count;       /* and how many, at most; 0: any number */
	struct names names;
	const char *password; /* of every user */
	const char *hash;     /* as it is stored; new users bring it along */
	bool hold; /* when done, keep connections until standard input ends */

	/* of load */
	const char *address; /* IPv4 ADDRESS:PORT */
	const char *login;   /* "name:password" of the caller */

	/* of raw */
	const char *uri, *base;
	const char *caller; /* his login, for proxied authorization */
	int64_t threads;
};

/* Ends the process, with a word, when the command line makes no sense. */
void plan_read(struct plan *p, int argc, char **argv);

/* Draws the number of the next request from what all threads share; false when
 * no more may begin.  What was drawn leaves no gaps. */
bool plan_draw(const struct plan *p, atomic_uint_fast64_t *next,
	       int64_t began_micros, int64_t now_micros, uint64_t *ret);

#endif
