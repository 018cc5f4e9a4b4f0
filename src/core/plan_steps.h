/*
 * plan_steps - a plan that is carried out, and steps of it, for core/plan
 *
 * Each step does what is left to do, tells by `more` that it wants to be called
 * again, and may be done over.
 */
#ifndef CORE_PLAN_STEPS_H
#define CORE_PLAN_STEPS_H

#include "core/plan.h"

/* A plan while it is carried out. */
struct run {
	const struct gateway *g;
	struct task t;    /* of the plan's caller; its memory lasts */
	struct task work; /* the same, with memory for one step */
	struct plan *plan;
	bool steward;     /* not a client who waits */
	bool again;       /* an earlier try may have done a part of the step */
	bool unheard;     /* the journal may have more than we know */
	const bool *stop; /* the steward's, or NULL */
	unsigned purged;  /* records */
};

enum kind plan_kind_of(const struct step *s);

bool step_allow(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_unlink(struct run *r, const struct step *s, bool *more,
		 struct err *e);
bool step_strip(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_hold(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_remove(struct run *r, const struct step *s, bool *more,
		 struct err *e);
bool step_found(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_reserve(struct run *r, const struct step *s, bool *more,
		  struct err *e);
bool step_open(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_within(struct run *r, const struct step *s, bool *more,
		 struct err *e);

/* A plan of who came with an API key for some domains says so in its last step,
 * so that whoever goes on with it stays in them. */
void step_add_within(const struct task *t, struct plan *p);
const struct scope *step_find_within(struct arena *a, const struct plan *p);

#endif
