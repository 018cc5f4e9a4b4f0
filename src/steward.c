#include "steward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/expiry.h"
#include "core/lease.h"
#include "core/plan.h"
#include "core/reconcile.h"
#include "core/schedule.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/log.h"
#include "util/text.h"

enum {
	LOOK_MILLIS = 1000, /* between looks at the lease and the journal */
	JOURNAL_MILLIS = 900,
	REPORT_MILLIS = 600000,
	STUCK_PAUSE = 60000, /* between tries of a plan that is stuck */
	WATCHED = 1000,      /* plans whose silence is measured */
	GUARD_SIZE = 64,
	ID_SIZE = 32,
	JOBS = 6,
	AT_ONCE = 4,  /* plans that are carried out */
	CLEANING = 3, /* of which that many may only clean up */
	STOP_LOOK = 10,
	STEP_MILLIS = 60000, /* a job's task may take that long */
};

/* A plan of somebody else, and since when it has not changed. */
struct watched {
	char id[ID_SIZE], guard[GUARD_SIZE];
	int64_t since;
	bool seen; /* in this look */
};

struct steward {
	struct loop *loop;
	const struct gateway *gateway;
	struct fiber *fiber;
	struct lease lease;
	struct job jobs[JOBS];
	struct expiry expiry;
	struct reconcile reconcile;
	struct err not_reconciled; /* why, the last time */
	bool reconciling, newly;   /* we have the lease */
	struct watched watched[WATCHED];
	size_t count;
	unsigned mending;  /* fibers that carry out plans */
	unsigned cleaning; /* of them, those nobody waits for */
	bool stop, ended, told;
};

static struct watched *find(struct steward *s, const char *id)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->watched[i].id, id) == 0)
			return &s->watched[i];
	}
	return NULL;
}

static bool copy(char *to, size_t size, const char *from)
{
	return snprintf(to, size, "%s", from) < (int)size;
}

/* How long a plan has been as it is; 0 if it cannot be told yet. */
static int64_t silence_of(struct steward *s, const struct plan *p, int64_t now)
{
	struct watched *w = find(s, p->id);

	if (w == NULL && s->count == WATCHED)
		return 0; /* its turn comes when others are done */
	if (w == NULL) {
		w = &s->watched[s->count];
		*w = (struct watched){0};
		if (!copy(w->id, sizeof(w->id), p->id))
			return 0; /* none of ours */
		s->count++;
	}
	w->seen = true;
	if (p->guard == NULL || strcmp(w->guard, p->guard) == 0)
		return now - w->since;
	w->since = now;
	if (!copy(w->guard, sizeof(w->guard), p->guard))
		w->guard[0] = '\0'; /* looks new each time: left alone */
	return 0;
}

/* Plans that are over need not be remembered. */
static void forget(struct steward *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->watched[i].seen)
			s->watched[kept++] = s->watched[i];
	}
	s->count = kept;
	for (size_t i = 0; i < s->count; i++)
		s->watched[i].seen = false;
}

static bool is_ours_to_do(struct steward *s, const struct plan *p)
{
	int64_t silent = silence_of(s, p, clock_now());

	/* What is not known is but told of. */
	if (text_equal(p->state, PLAN_STUCK) || !plan_is_known(p))
		return silent >= STUCK_PAUSE;
	return p->holder == NULL || silent >= s->gateway->lease_millis;
}

static struct task task_of(struct arena *a)
{
	static const struct caller nobody = {.login = "steward",
					     .identity = ""};

	return (struct task){.arena = a,
			     .caller = &nobody,
			     .deadline = clock_now() + STEP_MILLIS};
}

/* A plan that is to be carried out, on a fiber of its own, so that the lease is
 * kept meanwhile. */
struct mending {
	struct steward *steward;
	struct arena *arena;
	const char *id, *guard;
	bool cleans;
};

/* What is left of it is only to be deleted. */
static bool only_cleans(const struct plan *p)
{
	return (size_t)p->position < p->count &&
	       text_equal(p->steps[p->position].verb, STEP_PURGE);
}

static void mend(void *ctx)
{
	const struct mending *m = ctx;
	CLEANUP(arena_release) struct arena *a = m->arena;
	struct steward *s = m->steward;
	const struct gateway *g = s->gateway;
	struct task t = task_of(a);
	struct plan p;
	struct err e = {0};

	t.deadline = INT64_MAX;
	if (g->journal->ops->read(g->journal, &t, m->id, &p, &e) &&
	    text_equal(p.guard, m->guard)) {
		log_event(LOG_NOTICE, "plan-resumed", "plan", p.id, "key",
			  p.count > 0 ? p.steps[0].key : NULL, NULL);
		if (plan_resume(g, &t, &p, &s->stop, &e))
			log_event(LOG_NOTICE, "plan-completed", "plan", p.id,
				  NULL);
	}
	if (e.kind != ERR_NONE && e.kind != ERR_NOT_FOUND && !s->stop)
		log_event(LOG_ERR, "plan-not-completed", "plan", m->id, "error",
			  e.text, NULL);
	s->mending--;
	s->cleaning -= m->cleans;
}

static bool start_mending(struct steward *s, const struct plan *p)
{
	struct arena *a = arena_new();
	struct mending *m = arena_alloc(a, sizeof(*m));

	*m = (struct mending){.steward = s,
			      .arena = a,
			      .id = arena_strdup(a, p->id),
			      .guard = arena_strdup(a, p->guard),
			      .cleans = only_cleans(p)};
	s->mending++;
	s->cleaning += m->cleans;
	/* Tried again as soon as it is silent once more. */
	struct watched *w = find(s, p->id);
	if (w != NULL)
		w->since = clock_now();
	if (fiber_start(s->loop, mend, m))
		return true;
	s->mending--;
	s->cleaning -= m->cleans;
	arena_free(a);
	return false;
}

static bool list(const struct steward *s, const struct task *t,
		 struct plan **ret, size_t *count, struct err *e)
{
	struct journal *j = s->gateway->journal;

	return j->ops->list(j, t, ret, count, e);
}

/* The job: what others left undone is completed. */
static bool look_after_plans(void *ctx, const struct task *t, struct err *e)
{
	struct steward *s = ctx;
	struct plan *plans;
	size_t count;

	if (!list(s, t, &plans, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		/* All are looked at, so that their silence is measured. */
		bool ours = is_ours_to_do(s, &plans[i]);

		if (!ours || s->stop || s->mending == AT_ONCE ||
		    (only_cleans(&plans[i]) && s->cleaning == CLEANING))
			continue;
		if (!start_mending(s, &plans[i]))
			return err_set(e, ERR_LIMIT, "no fiber is left");
	}
	forget(s);
	return true;
}

/* The job: say what waits for somebody to put it right. */
static bool report(void *ctx, const struct task *t, struct err *e)
{
	struct plan *plans;
	size_t count;

	if (!list(ctx, t, &plans, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (text_equal(plans[i].state, PLAN_STUCK) &&
		    (size_t)plans[i].position < plans[i].count)
			log_event(LOG_ERR, "plan-stuck", "plan", plans[i].id,
				  "step",
				  plans[i].steps[plans[i].position].verb, "key",
				  plans[i].steps[plans[i].position].key, NULL);
	}
	return true;
}

static bool look_after_expiry(void *ctx, const struct task *t, struct err *e)
{
	struct steward *s = ctx;

	return expiry_look(s->gateway, t, &s->expiry, e);
}

static bool sweep_expiry(void *ctx, const struct task *t, struct err *e)
{
	struct steward *s = ctx;

	return expiry_sweep(s->gateway, t, e);
}

/* On a fiber of its own, because counting takes its time. */
static void reconcile(void *ctx)
{
	struct steward *s = ctx;
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task t = task_of(a);

	if (s->newly)
		s->reconcile = (struct reconcile){0};
	s->newly = false;
	err_clear(&s->not_reconciled);
	reconcile_look(&s->reconcile, s->gateway, &t, &s->stop,
		       &s->not_reconciled);
	s->reconciling = false;
}

/* The job: what others wrote in domains with limits is counted.  It fails as
 * it did the last time. */
static bool look_after_limits(void *ctx, const struct task *t, struct err *e)
{
	struct steward *s = ctx;

	(void)t;
	if (s->reconciling)
		return true;
	if (s->not_reconciled.kind != ERR_NONE)
		err_set(e, s->not_reconciled.kind, "%s",
			s->not_reconciled.text);
	s->reconciling = true;
	if (!fiber_start(s->loop, reconcile, s)) {
		s->reconciling = false;
		return err_set(e, ERR_LIMIT, "no fiber is left");
	}
	return e->kind == ERR_NONE;
}

/* Once an hour: whose time is over may be made by anybody again. */
static bool forget_held(void *ctx, const struct task *t, struct err *e)
{
	struct steward *s = ctx;
	struct store *store = s->gateway->store;
	char now[INSTANT_SIZE];
	bool more = true;

	instant_text(now, clock_seconds());
	while (more) {
		if (!store->ops->forget_held(store, t, now, &more, e))
			return false;
	}
	return true;
}

static void job_failed(const struct job *job, const struct err *e)
{
	/* Once, until it succeeds again. */
	if (job->fails == 1)
		log_event(LOG_WARNING, "job-failed", "job", job->name, "error",
			  e->text, NULL);
}

static void tell(struct steward *s, bool held)
{
	if (held != s->told)
		log_event(LOG_NOTICE, held ? "lease-taken" : "lease-lost",
			  "gateway", s->gateway->name, NULL);
	s->told = held;
}

static void look(struct steward *s)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task t = task_of(a);
	struct err e = {0};

	/* A directory that cannot be reached is told of elsewhere. */
	lease_keep(&s->lease, s->gateway, &t, clock_now(), &e);
	bool held = lease_is_held(&s->lease, clock_now());
	tell(s, held);
	if (held) {
		schedule_run(s->jobs, JOBS, s->gateway, &t, job_failed);
		return;
	}
	schedule_forget(s->jobs, JOBS);
	s->count = 0;
	s->newly = true;
}

static void work(void *ctx)
{
	struct steward *s = ctx;
	CLEANUP(arena_release) struct arena *a = arena_new();

	s->fiber = fiber_self();
	while (!s->stop) {
		look(s);
		if (!s->stop)
			fiber_park(clock_now() + LOOK_MILLIS);
	}
	while (s->mending > 0 || s->reconciling)
		fiber_sleep(STOP_LOOK);
	struct task t = task_of(a);
	lease_release(&s->lease, s->gateway, &t, clock_now());
	s->ended = true;
}

static const struct job jobs[JOBS] = {
	{.name = "journal", .period = JOURNAL_MILLIS, .run = look_after_plans},
	{.name = "report", .period = REPORT_MILLIS, .run = report},
	{.name = "expiry", .period = EXPIRY_LOOK, .run = look_after_expiry},
	{.name = "expiry-sweep", .period = EXPIRY_SWEEP, .run = sweep_expiry},
	{.name = "limits", .period = RECONCILE_LOOK, .run = look_after_limits},
	{.name = "held", .period = EXPIRY_SWEEP, .run = forget_held},
};

struct steward *steward_start(struct loop *l, const struct gateway *g)
{
	struct steward *s = alloc_zeroed(sizeof(*s));

	*s = (struct steward){.loop = l, .gateway = g};
	for (size_t i = 0; i < COUNT(jobs); i++) {
		s->jobs[i] = jobs[i];
		s->jobs[i].ctx = s;
	}
	if (!fiber_start(l, work, s))
		abort(); /* it is among the first */
	return s;
}

void steward_stop(struct steward *s)
{
	s->stop = true;
	if (!s->ended)
		fiber_wake(s->fiber);
}

bool steward_has_ended(const struct steward *s)
{
	return s->ended;
}

void steward_free(struct steward **s)
{
	free(*s);
	*s = NULL;
}
