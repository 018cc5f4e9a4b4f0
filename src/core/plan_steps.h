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
	bool kept;        /* what becomes of it, as nobody waits for that */
	const bool *stop; /* the steward's, or NULL */
	unsigned purged;  /* records */
};

struct verb {
	const char *name;
	bool (*run)(struct run *r, const struct step *s, bool *more,
		    struct err *e);
	bool asks;   /* and changes nothing */
	bool cleans; /* what the client asked for is done: names are free */

	/* Takes back what it did, and does nothing if it did nothing; NULL:
	 * that cannot be. */
	bool (*undo)(struct run *r, const struct step *s, struct err *e);
};

/* NULL: it is not known here. */
const struct verb *plan_verb_of(const struct step *s);

/* Write down how far we are. */
bool plan_update(struct run *r, struct err *e);

/* Keep the plan ours while a step takes long.  Whoever is held up until he may
 * be taken for dead must not come back and write: his operations refuse. */
bool plan_pulse(struct run *r, struct err *e);

/* Others need not wait until we are taken for dead. */
bool plan_let_go(struct run *r, const char *state);

/* After a failure: whether it is one for good, which stays in e.  Else it is to
 * be tried `again`, after a pause that this function makes, or the plan is left
 * to others, and e says so. */
bool plan_refused(struct run *r, unsigned tries, bool *again, struct err *e);

/* Whether it is to be left, because we are stopping. */
bool plan_stops(struct run *r, struct err *e);

/* For core/plan, in plan_end.c. */

/* The records of a plan that was found, if it has any.  They are not there if
 * who wrote it died before they were written: then nothing was begun, and it
 * turns back. */
bool plan_find_works(struct run *r, struct err *e);

/* Whether all that was done can be undone, the step that just failed
 * included. */
bool plan_can_turn_back(const struct run *r);

/* From now on it is undone, because of that. */
bool plan_turn_back(struct run *r, const struct err *why, struct err *e);

/* Undo what is left to undo, and end it.  Always false: what is refused was
 * not done, and e says why; ERR_UNKNOWN if it is not yet undone. */
bool plan_go_back(struct run *r, struct err *e);

/* It is over: out of the journal, or kept there as a job's result. */
void plan_end(struct run *r, const char *state);
/* A long step makes way for a client's answer, and for our end. */
bool plan_may_go_on(const struct run *r, struct err *e);

/* A super administrator is left without those in the step's domain, if who made
 * the plan found some there. */
bool plan_administrators_stay(struct run *r, const struct step *s,
			      struct err *e);

bool step_rename(struct run *r, const struct step *s, bool *more,
		 struct err *e);
bool step_settle(struct run *r, const struct step *s, bool *more,
		 struct err *e);
bool step_forward(struct run *r, const struct step *s, bool *more,
		  struct err *e);
bool step_unforward(struct run *r, const struct step *s, bool *more,
		    struct err *e);
bool step_relink(struct run *r, const struct step *s, bool *more,
		 struct err *e);
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
bool step_restore(struct run *r, const struct step *s, bool *more,
		  struct err *e);
bool step_forget(struct run *r, const struct step *s, bool *more,
		 struct err *e);
bool step_within(struct run *r, const struct step *s, bool *more,
		 struct err *e);

/* For one record each, see core/changeset.h. */
bool step_make(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_alter(struct run *r, const struct step *s, bool *more, struct err *e);
bool step_aside(struct run *r, const struct step *s, bool *more, struct err *e);
bool undo_make(struct run *r, const struct step *s, struct err *e);
bool undo_alter(struct run *r, const struct step *s, struct err *e);
bool undo_aside(struct run *r, const struct step *s, struct err *e);

/* A plan of who came with an API key for some domains says so in its last step,
 * so that whoever goes on with it stays in them. */
void step_add_within(const struct task *t, struct plan *p);
const struct scope *step_find_within(struct arena *a, const struct plan *p);

#endif
