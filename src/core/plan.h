/*
 * plan - what takes several writes, done as a whole or not at all
 *
 * A plan is written into the journal before its first step and taken out after
 * its last.  If who carries it out dies, another gateway finds it there and
 * goes on.  Every step may be done over again and leaves the store valid, so
 * that it does not matter where the first one stopped.
 *
 * The first step decides: what it refuses has changed nothing, and the plan is
 * over.  After it a plan is carried to its end.  If that is refused, because
 * the caller has lost his rights meanwhile, it is stuck: it stays in the
 * journal, claims no names, and is tried again now and then.
 *
 * Where every step so far can be undone, a refusal turns the plan back instead:
 * its steps are undone, the last one first, and nothing was changed.
 *
 * A plan may be told of as a job.  Then what became of it stays in the journal
 * for a while, unless whoever began it was told.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "core/domain.h"
#include "core/gateway.h"

struct step {
	const char *verb; /* a row of the table in plan.c */
	const char *kind; /* of the record, as its rules' noun says */
	const char *key;  /* of the record */
	const char *to;   /* its new key */
	const char *id;   /* of the record: no other of that key is meant */
};

/* What a step writes: a record before and after, NULL where there is none. */
struct work {
	enum kind kind;
	const void *before, *after;
	const struct field *fields; /* the members that are to be changed */
	size_t field_count;
	const char *etag; /* the state it must be in; NULL: any */
};

/* Why a plan is undone. */
struct failure {
	enum err_kind kind; /* ERR_NONE: it is not */
	const char *code, *text, *conflicts_with;
	int64_t step;
	const char *left; /* what others have changed since, and so is not
			     undone; or NULL */
};

struct plan {
	const char *id;         /* NULL: any; what has one before it is begun is
				   kept as a job's result, who waits or not */
	const char *state;      /* one of those below */
	const char *caller;     /* the identity whose rights the steps have */
	const char *login;      /* his, where there are works; or NULL */
	const char *holder;     /* who carries it out; NULL: nobody */
	struct text_list names; /* which nobody else may touch meanwhile */
	const struct step *steps;
	size_t count;
	int64_t position;       /* steps that are done */
	const char *guard;      /* of its entry in the journal */
	int64_t written;        /* when that was written, by clock_now() */
	bool left;              /* the rest takes longer than a request may: it
				   is seen to by the steward */
	struct domain *founded; /* what to make; only who began the plan knows
				   it */

	const struct work *works; /* of the first steps, one each; not listed */
	size_t work_count;
	struct failure failure;

	const char *job;     /* what it is about, if it is one; or NULL */
	const char *expires; /* RFC 3339: it is over, and forgotten then */
	const char *created_at, *updated_at; /* the journal's; read only */
};

/* The last two: it is over. */
extern const char PLAN_RUNNING[], PLAN_STUCK[], PLAN_DONE[], PLAN_UNDONE[];

/* How long what became of a job is kept. */
enum { PLAN_KEPT_SECONDS = 86400 };

/* Carry out a new plan on behalf of the task's caller; the caller sets names,
 * steps and count.  ERR_CONFLICT if one of the names is under way already;
 * other errors are the first step's; ERR_UNKNOWN: it may be completed later, or
 * turn out to be refused.  Steps that only clean up may be left to the steward.
 */
bool plan_run(const struct gateway *g, const struct task *t, struct plan *p,
	      struct err *e);

/* Only write it down: the steward carries it out. */
bool plan_leave(const struct gateway *g, const struct task *t, struct plan *p,
		struct err *e);

/* Take over a plan that was found in the journal and carry it to its end, as
 * its own caller; the task's is not used.  ERR_CHANGED: somebody else was
 * quicker.  When *stop becomes true it is left to others after a step. */
bool plan_resume(const struct gateway *g, const struct task *t, struct plan *p,
		 const bool *stop, struct err *e);

/* Whether all that is left of it can be done here.  Else a newer gateway wrote
 * it, and it is left to such a one, untouched. */
bool plan_is_known(const struct plan *p);

/* Whether the failure may be over in a moment. */
bool plan_may_retry(const struct err *e);

/* What it was refused for: always false.  Nothing of it is left, or e says
 * what. */
bool plan_tell(const struct failure *f, struct err *e);

/* Of the record that a step is about. */
enum kind plan_kind_of(const struct step *s);

/* The verbs. */
#define STEP_RENAME "rename"       /* key becomes to */
#define STEP_FORWARD "forward"     /* an alias at key leads to to */
#define STEP_RELINK "relink"       /* what names key names to */
#define STEP_SETTLE "settle"       /* from now on to is all it is found by */
#define STEP_UNFORWARD "unforward" /* that alias goes */
#define STEP_ADMIT "admit"         /* domain key may be retired */
#define STEP_DETACH "detach"       /* nothing elsewhere leads into domain key */
/* domain key goes out of everybody's way; with `to`: kept till then */
#define STEP_RETIRE "retire"
#define STEP_PURGE "purge"     /* what was retired is deleted */
#define STEP_ALLOW "allow"     /* key may be removed */
#define STEP_UNLINK "unlink"   /* nothing names key any more */
#define STEP_STRIP "strip"     /* nobody has rights by key any more */
#define STEP_HOLD "hold"       /* nobody gets key until the time `to` */
#define STEP_REMOVE "remove"   /* key goes, with `to`: to be kept till then */
#define STEP_FOUND "found"     /* domain key is made, not yet open */
#define STEP_RESERVE "reserve" /* its reserved names lead to `to` */
#define STEP_OPEN "open"       /* it is in force */
#define STEP_WITHIN "within"   /* all were in the domains of key */
#define STEP_RELEASE "release" /* names were only claimed */
#define STEP_MAKE "make"       /* what the work has after, is made */
#define STEP_ALTER "alter"     /* what it has before becomes that */
#define STEP_ASIDE "aside"     /* what it has before goes below the plan */
#define STEP_CLEAR "clear"     /* what is below the plan is deleted */
#define STEP_TWIN "twin"       /* domain to is made like key */
#define STEP_SHIFT "shift"     /* what is in key goes there */
#define STEP_FOLLOW "follow"   /* what names key as a whole names to */
#define STEP_TURN "turn"       /* key stands for to */
#define STEP_CATCH "catch"     /* its catch-all is there once more */
#define STEP_ARRIVE "arrive"   /* what went is found by new names alone */
#define STEP_PART "part"       /* to stands for itself */
#define STEP_DROP "drop"       /* key goes */
#define STEP_RESTORE "restore" /* key comes back out of the trash */
#define STEP_FORGET "forget"   /* what the trash knew of it goes */

#endif
