/*
 * schedule - jobs that come again and again
 *
 * Whoever holds the lease runs them, so that each is done once for all gateways
 * of a directory.  When one was last done is kept in the journal, so that a new
 * holder does not begin all of them anew.  Each time comes a little earlier or
 * later than its period says, so that jobs do not fall together.
 */
#ifndef CORE_SCHEDULE_H
#define CORE_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "core/gateway.h"

struct job {
	const char *name; /* of letters and '-', unique */
	int64_t period;   /* milliseconds */
	bool (*run)(void *ctx, const struct task *t, struct err *e);
	void *ctx;

	int64_t next;   /* when it is due, by clock_now(); 0: not known */
	unsigned fails; /* in a row */
};

/* Jobs with at least this period are kept in the journal. */
enum { SCHEDULE_KEPT = 60000 };

/* Run the jobs that are due; t is for the journal, each job gets a task with
 * memory of its own.  What fails is handed to `failed`, and done again after
 * its period.  Returns when the next is due, by clock_now(). */
int64_t schedule_run(struct job *jobs, size_t count, const struct gateway *g,
		     const struct task *t,
		     void (*failed)(const struct job *job,
				    const struct err *e));

/* Somebody else had the lease: when jobs are due has to be found out again. */
void schedule_forget(struct job *jobs, size_t count);

/* A period, a tenth shorter or longer at most; `chance` is any number. */
int64_t schedule_jitter(int64_t period, uint32_t chance);

#endif
