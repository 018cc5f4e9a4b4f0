#include "core/schedule.h"

#include "core/plan.h"
#include "util/clock.h"
#include "util/random.h"

int64_t schedule_jitter(int64_t period, uint32_t chance)
{
	int64_t spread = period / 5;

	return period - spread / 2 +
	       (spread > 0 ? (int64_t)chance % (spread + 1) : 0);
}

static int64_t next_time(const struct job *job)
{
	uint32_t chance;

	random_bytes(&chance, sizeof(chance));
	return clock_now() + schedule_jitter(job->period, chance);
}

static bool is_kept(const struct job *job)
{
	return job->period >= SCHEDULE_KEPT;
}

/* The journal has the time of day, in seconds, when it was last begun. */
static const char *entry_of(const struct job *job, struct arena *a)
{
	return arena_printf(a, "job-%s", job->name);
}

/* When it is due, by what the journal says. */
static bool look_up(struct job *job, const struct gateway *g,
		    const struct task *t, struct err *e)
{
	struct plan p = {0};

	if (!g->journal->ops->read(g->journal, t, entry_of(job, t->arena), &p,
				   e)) {
		if (e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		job->next = clock_now();
		return true;
	}
	int64_t ago = (clock_seconds() - p.position) * 1000;
	/* A clock that was set back must not silence it for ever. */
	job->next = ago < 0 ? clock_now() : clock_now() + job->period - ago;
	return true;
}

static bool note(const struct job *job, const struct gateway *g,
		 const struct task *t, struct err *e)
{
	struct plan p = {0};

	if (g->journal->ops->read(g->journal, t, entry_of(job, t->arena), &p,
				  e)) {
		p.position = clock_seconds();
		return g->journal->ops->update(g->journal, t, &p, e);
	}
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	p = (struct plan){.id = entry_of(job, t->arena),
			  .state = PLAN_RUNNING,
			  .position = clock_seconds()};
	return g->journal->ops->write(g->journal, t, &p, e);
}

static void run_job(struct job *job, const struct gateway *g,
		    const struct task *t,
		    void (*failed)(const struct job *job, const struct err *e))
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task own = *t;
	struct err e = {0};

	own.arena = a;
	if (job->next == 0 && is_kept(job) && !look_up(job, g, &own, &e)) {
		job->fails++;
		failed(job, &e);
		return; /* looked up again next time */
	}
	if (job->next > clock_now())
		return;
	job->next = next_time(job);
	if ((!is_kept(job) || note(job, g, &own, &e)) &&
	    job->run(job->ctx, &own, &e)) {
		job->fails = 0;
		return;
	}
	job->fails++;
	failed(job, &e);
}

int64_t schedule_run(struct job *jobs, size_t count, const struct gateway *g,
		     const struct task *t,
		     void (*failed)(const struct job *job, const struct err *e))
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < count; i++) {
		run_job(&jobs[i], g, t, failed);
		if (jobs[i].next < next)
			next = jobs[i].next;
	}
	return next;
}

void schedule_forget(struct job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		jobs[i].next = 0;
}
