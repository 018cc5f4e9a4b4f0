/*
 * job - a plan that somebody may ask about
 *
 * It is told of while it is under way and, unless whoever began it was told,
 * for a day after.  Only he may know of it, and super administrators.
 */
#ifndef CORE_JOB_H
#define CORE_JOB_H

#include "core/plan.h"

/* Those of one caller that are not over. */
enum { JOB_MAX = 8 };

/* ERR_CONFLICT, "too_many_jobs". */
bool job_room(const struct gateway *g, const struct task *t, struct err *e);

/* ERR_NOT_FOUND also if the caller must not know of it. */
bool job_read(const struct gateway *g, const struct task *t, const char *id,
	      struct plan *ret, struct err *e);

/* For the steward: forget those whose time is over, until *stop. */
bool job_forget(const struct gateway *g, const struct task *t, const bool *stop,
		struct err *e);

#endif
