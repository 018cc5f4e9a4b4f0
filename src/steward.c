#include "steward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dkim_rotation.h"
#include "core/domain_checks.h"
#include "core/expiry.h"
#include "core/health.h"
#include "core/job.h"
#include "core/lease.h"
#include "core/plan.h"
#include "core/reconcile.h"
#include "core/schedule.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/meter.h"
#include "util/text.h"

enum {
	LOOK_MILLIS = 1000, /* between looks at the lease and the journal */
	JOURNAL_MILLIS = 900,
	REPORT_MILLIS = 600000,
	STUCK_PAUSE = 60000, /* between tries of a plan that is stuck */
	WATCHED = 1000,      /* plans whose silence is measured */
	GUARD_SIZE = 64,
	ID_SIZE = 32,
	JOBS = 14,
	SEAL_MILLIS = 3000,
	PREPARE_MILLIS = 30000,
	WEBHOOKS_MILLIS = 900,
	CHECKS_MILLIS = 2000,
	AT_ONCE = 4,  /* plans that are carried out */
	CLEANING = 3, /* of which that many may only clean up */
	STOP_LOOK = 10,
	MICROS = 1000000,
	STEP_MILLIS = 60000, /* a job's task may take that long */
};

/* A plan of somebody else, and since when it has not changed. */
struct watched {
	char id[ID_SIZE], guard[GUARD_SIZE];
	int64_t since;
	bool seen; /* in this look */
};

/* What is done again and again: on the steward's own fiber or, as it may take
 * long, on another, so that the lease is kept meanwhile. */
struct duty {
	const char *name;
	int64_t period;
	bool (*run)(void *ctx, const struct task *t, struct err *e);
	bool (*send)(struct steward *s, const struct task *t, struct err *e);
};

/* A duty on its way. */
struct errand {
	struct steward *steward;
	const struct duty *duty;
	bool under_way;
	unsigned fails; /* in a row */
};

struct steward {
	struct loop *loop;
	const struct gateway *gateway;
	struct couriers *couriers;
	struct fiber *fiber;
	struct lease lease;
	struct job jobs[JOBS];
	struct expiry expiry;
	struct reconcile reconcile;
	struct audit_head sealed;
	struct checks_round checks;
	struct errand errands[JOBS];
	bool newly; /* we have the lease */
	bool away;  /* we have it not, or are to stop */
	struct watched watched[WATCHED];
	size_t count;
	unsigned mending;  /* fibers that carry out plans */
	unsigned cleaning; /* of them, those nobody waits for */
	bool stop, ended, told;
	bool stuck;   /* a plan is */
	int64_t read; /* when the journal could be */
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
	       (text_equal(p->steps[p->position].verb, STEP_PURGE) ||
		text_equal(p->steps[p->position].verb, STEP_CLEAR));
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
	t.request = "job:plan";
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

static void count_plans(struct steward *s, const struct plan *plans,
			size_t count)
{
	size_t stuck = 0;

	for (size_t i = 0; i < count; i++)
		stuck += text_equal(plans[i].state, PLAN_STUCK);
	s->stuck = stuck > 0;
	meter_set(METER_PLANS, METER_PLAN_RUNNING, (int64_t)(count - stuck));
	meter_set(METER_PLANS, METER_PLAN_STUCK, (int64_t)stuck);
}

/* The job: what others left undone is completed. */
static bool look_after_plans(void *ctx, const struct task *t, struct err *e)
{
	struct steward *s = ctx;
	struct plan *plans;
	size_t count;

	if (!list(s, t, &plans, &count, e))
		return false;
	count_plans(s, plans, count);
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

static bool look_after_expiry(struct steward *s, const struct task *t,
			      struct err *e)
{
	return expiry_look(s->gateway, t, &s->expiry, &s->away, e);
}

static bool sweep_expiry(struct steward *s, const struct task *t, struct err *e)
{
	return expiry_sweep(s->gateway, t, &s->away, e);
}

static bool forget_held(struct steward *s, const struct task *t, struct err *e)
{
	return expiry_forget(s->gateway, t, &s->away, e);
}

static bool forget_jobs(struct steward *s, const struct task *t, struct err *e)
{
	return job_forget(s->gateway, t, &s->away, e);
}

static bool forget_requests(struct steward *s, const struct task *t,
			    struct err *e)
{
	return expiry_requests(s->gateway, t, &s->away, e);
}

static bool clear_trash(struct steward *s, const struct task *t, struct err *e)
{
	return expiry_clear(s->gateway, t, &s->away, e);
}

/* What others wrote in domains with limits is counted. */
static bool look_after_limits(struct steward *s, const struct task *t,
			      struct err *e)
{
	if (s->newly)
		s->reconcile = (struct reconcile){0};
	s->newly = false;
	return reconcile_look(&s->reconcile, s->gateway, t, &s->away, e);
}

/* Keys that sign mail come and go. */
static bool look_after_keys(struct steward *s, const struct task *t,
			    struct err *e)
{
	return s->gateway->dkim == NULL ||
	       dkim_look(s->gateway, t, &s->away, e);
}

/* What was changed is sealed.  Nobody else has done it meanwhile, or our seal
 * has a number that is taken. */
static bool seal(struct steward *s, const struct task *t, struct err *e)
{
	struct store *store = s->gateway->store;
	bool more = true;

	while (more && !s->away) {
		if (!store->ops->seal(store, t, &s->sealed, &more, e)) {
			s->sealed.known = false;
			return false;
		}
	}
	return true;
}

/* A directory of an older version may lack what a dry run needs. */
static bool prepare(struct steward *s, const struct task *t, struct err *e)
{
	struct store *store = s->gateway->store;

	return store->ops->prepare(store, t, e);
}

/* Each has a courier, as long as the lease is ours. */
static bool look_after_webhooks(struct steward *s, const struct task *t,
				struct err *e)
{
	bool done = couriers_look(s->couriers, t, e);

	if (s->away)
		couriers_leave(s->couriers);
	return done;
}

/* What the DNS says of domains is looked at now and then. */
static bool check_domains(struct steward *s, const struct task *t,
			  struct err *e)
{
	return domain_checks_look(s->gateway, t, &s->checks, &s->away, e);
}

static void job_failed(const char *name, const struct err *e)
{
	log_event(LOG_WARNING, "job-failed", "job", name, "error", e->text,
		  NULL);
}

static void not_run(const struct job *job, const struct err *e)
{
	/* Once, until it succeeds again. */
	if (job->fails == 1)
		job_failed(job->name, e);
}

static void count_duty(const char *name, bool done)
{
	unsigned duty = meter_duty(name);

	if (done)
		meter_set(METER_DUTY_DONE, duty, clock_seconds() * MICROS);
	else
		meter_add(METER_DUTY_FAILED, duty, 0, 1);
}

static void go(void *ctx)
{
	struct errand *x = ctx;
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task t = task_of(a);
	struct err e = {0};

	t.request = arena_join(a, "job:", x->duty->name, NULL);
	bool done = x->duty->send(x->steward, &t, &e);
	if (!x->steward->away)
		count_duty(x->duty->name, done);
	/* That it had to stop is no failure.  Told of once, until it succeeds
	 * again. */
	x->fails = done || x->steward->away ? 0 : x->fails + 1;
	if (x->fails == 1)
		job_failed(x->duty->name, &e);
	x->under_way = false;
}

/* The job of a duty that takes no time. */
static bool run_here(void *ctx, const struct task *t, struct err *e)
{
	const struct errand *x = ctx;
	bool done = x->duty->run(x->steward, t, e);

	count_duty(x->duty->name, done);
	return done;
}

/* The job of an errand; one that is still under way is not sent twice. */
static bool send(void *ctx, const struct task *t, struct err *e)
{
	struct errand *x = ctx;

	(void)t;
	if (x->under_way)
		return true;
	x->under_way = fiber_start(x->steward->loop, go, x);
	return x->under_way || err_set(e, ERR_LIMIT, "no fiber is left");
}

static bool any_under_way(const struct steward *s)
{
	for (size_t i = 0; i < JOBS; i++) {
		if (s->errands[i].under_way)
			return true;
	}
	return s->mending > 0 || !couriers_have_left(s->couriers);
}

static void tell(struct steward *s, bool held)
{
	if (held != s->told)
		log_event(LOG_NOTICE, held ? "lease-taken" : "lease-lost",
			  "gateway", s->gateway->name, NULL);
	s->told = held;
}

/* What anybody can see of the lease who has it not: whether it is renewed. */
static void judge(struct steward *s, bool read, bool held)
{
	int64_t now = clock_now(), long_ago = 3 * s->gateway->lease_millis;

	meter_set(METER_LEASE, 0, held);
	if (read)
		s->read = now;
	bool deaf = now - s->read > long_ago;
	if (!held) {
		meter_set(METER_PLANS, METER_PLAN_RUNNING, 0);
		meter_set(METER_PLANS, METER_PLAN_STUCK, 0);
	}
	if (deaf)
		health_tell(HEALTH_JOURNAL, "the journal cannot be read or "
					    "written");
	else if (!held || !s->stuck)
		health_tell(HEALTH_JOURNAL, NULL);
	else
		health_tell(HEALTH_JOURNAL, "a plan is stuck");
	health_tell(HEALTH_LEASE,
		    !held && (deaf || now - s->lease.since > long_ago)
			    ? "no gateway has the lease"
			    : NULL);
}

static void look(struct steward *s)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task t = task_of(a);
	struct err e = {0};

	/* A directory that cannot be reached is told of elsewhere. */
	bool read = lease_keep(&s->lease, s->gateway, &t, clock_now(), &e);
	bool held = lease_is_held(&s->lease, clock_now());
	tell(s, held);
	judge(s, read, held);
	s->away = s->stop || !held;
	if (held) {
		schedule_run(s->jobs, JOBS, s->gateway, &t, not_run);
		return;
	}
	couriers_leave(s->couriers);
	schedule_forget(s->jobs, JOBS);
	s->count = 0;
	s->newly = true;
	s->sealed.known = false;
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
	while (any_under_way(s))
		fiber_sleep(STOP_LOOK);
	struct task t = task_of(a);
	lease_release(&s->lease, s->gateway, &t, clock_now());
	s->ended = true;
}

static const struct duty duties[JOBS] = {
	{"journal", JOURNAL_MILLIS, look_after_plans, NULL},
	{"report", REPORT_MILLIS, report, NULL},
	{"expiry", EXPIRY_LOOK, NULL, look_after_expiry},
	{"expiry-sweep", EXPIRY_SWEEP, NULL, sweep_expiry},
	{"limits", RECONCILE_LOOK, NULL, look_after_limits},
	{"held", EXPIRY_SWEEP, NULL, forget_held},
	{"jobs", EXPIRY_SWEEP, NULL, forget_jobs},
	{"requests", EXPIRY_SWEEP, NULL, forget_requests},
	{"trash", EXPIRY_SWEEP, NULL, clear_trash},
	{"dkim", DKIM_LOOK_MILLIS, NULL, look_after_keys},
	{"seal", SEAL_MILLIS, NULL, seal},
	{"prepare", PREPARE_MILLIS, NULL, prepare},
	{"webhooks", WEBHOOKS_MILLIS, NULL, look_after_webhooks},
	{"checks", CHECKS_MILLIS, NULL, check_domains},
};

/* What the schedule knows of a duty. */
static struct job job_of(struct steward *s, size_t i)
{
	const struct duty *d = &duties[i];
	struct job job = {.name = d->name, .period = d->period};

	s->errands[i] = (struct errand){.steward = s, .duty = d};
	job.run = d->run != NULL ? run_here : send;
	job.ctx = &s->errands[i];
	return job;
}

struct steward *steward_start(struct loop *l, const struct gateway *g,
			      struct couriers *c)
{
	struct steward *s = alloc_zeroed(sizeof(*s));

	*s = (struct steward){.loop = l,
			      .gateway = g,
			      .couriers = c,
			      .read = clock_now()};
	s->lease.since = s->read;
	for (size_t i = 0; i < JOBS; i++)
		s->jobs[i] = job_of(s, i);
	if (!fiber_start(l, work, s))
		abort(); /* it is among the first */
	return s;
}

void steward_stop(struct steward *s)
{
	s->stop = s->away = true;
	couriers_leave(s->couriers);
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
