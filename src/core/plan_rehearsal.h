/*
 * plan_rehearsal - a plan that is asked for and not carried out
 *
 * Its steps that only ask are asked.  Of the others each is checked as far as
 * that can be while those before it are not done; what it would write is noted
 * in the rehearsal.
 */
#ifndef CORE_PLAN_REHEARSAL_H
#define CORE_PLAN_REHEARSAL_H

#include "core/plan.h"

/* For a task with a rehearsal, in place of plan_run(), whose errors it has. */
bool plan_rehearse(const struct gateway *g, const struct task *t,
		   struct plan *p, struct err *e);

#endif
