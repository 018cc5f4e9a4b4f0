/*
 * plan_domain - the steps by which a domain gets another name, for core/plan
 *
 * The new domain is made like the old one, and each stands in for the other
 * until all addresses have moved; then the old one stands for the new one.
 */
#ifndef CORE_PLAN_DOMAIN_H
#define CORE_PLAN_DOMAIN_H

#include "core/plan_steps.h"

/* Whether no plan is under way for a whole domain in which this new one has
 * addresses: ERR_CONFLICT, "under_way". */
bool plan_domains_rest(const struct gateway *g, const struct task *t,
		       const struct plan *p, struct err *e);

bool step_twin(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_shift(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_follow(struct run *r, const struct step *s, bool *more,
		 struct err *e);
bool step_turn(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_catch(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_arrive(struct run *r, const struct step *s, bool *more,
		 struct err *e);
bool step_part(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_drop(struct run *r, const struct step *s, bool *more, struct err *e);

#endif
