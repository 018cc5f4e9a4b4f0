/*
 * budget - what a reseller may give away, and what he has given
 *
 * Whoever is given something comes out of the giver's budgets: a domain with
 * its limits, a principal, and the budgets of another reseller.  What is given
 * is never counted up and down but summed up each time, while nobody else may
 * give out of the same budgets: see core/exclusive.
 */
#ifndef CORE_BUDGET_H
#define CORE_BUDGET_H

#include "core/domain.h"
#include "core/gateway.h"
#include "core/principal.h"

/* What they take; NUMBER_NONE: more than any limit. */
struct budget budget_of_domain(const struct domain *d);
struct budget budget_of_principal(const struct principal *p);

void budget_add(struct budget *sum, const struct budget *more);

/* Whether what is taken is more anywhere. */
bool budget_grows(const struct budget *from, const struct budget *to);

/* Whether somebody who has given `used` can give `more`: else ERR_CONFLICT,
 * "budget_exceeded", with the numbers of the first budget that is too small. */
bool budget_admits(const char *login, const struct budget *limits,
		   const struct budget *used, const struct budget *more,
		   struct arena *a, struct err *e);

/* Whether the limits are enough for what was given already: the same error. */
bool budget_covers(const char *login, const struct budget *limits,
		   const struct budget *given, struct arena *a, struct err *e);

/* Faults of a record of that kind which takes without limit what the giver has
 * a limit of. */
bool budget_check_limited(enum kind k, const struct budget *limits,
			  const struct budget *more, struct arena *a,
			  struct err *e);

#endif
