/*
 * target - rules between an alias domain and the domain it stands for
 *
 * An alias domain leads to one local domain, never to another alias domain:
 * mail servers follow one step.
 */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include "core/domain.h"
#include "core/gateway.h"

/* A fault of the target if it is none that the caller may lead to. */
bool target_check(const struct gateway *g, const struct task *t,
		  const struct domain *d, struct err *e);

/* What a change may make of a domain: its kind is given once. */
bool target_change(const struct gateway *g, const struct task *t,
		   const struct domain *old, const struct domain *d,
		   struct err *e);

/* ERR_CONFLICT while alias domains lead to this one. */
bool target_unused(const struct gateway *g, const struct task *t,
		   const char *name, struct err *e);

/* Whether it looks as if it was being renamed: then it is of kind "local", and
 * each of the two has the other for a target. */
bool target_is_twin(const struct domain *d);

/* Whether it is not: else ERR_CONFLICT, "under_way". */
bool target_rests(const struct gateway *g, const struct task *t,
		  const struct domain *d, struct err *e);

#endif
