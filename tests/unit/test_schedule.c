#include "core/schedule.h"

#include "core/plan.h"
#include "tests/lib/store_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/clock.h"

static struct world *w;
static unsigned runs, failures;
static bool fail;

static bool count(void *ctx, const struct task *t, struct err *e)
{
	(void)ctx, (void)t;
	runs++;
	return !fail || err_set(e, ERR_INTERNAL, "it failed");
}

static void failed(const struct job *job, const struct err *e)
{
	(void)job, (void)e;
	failures++;
}

static int64_t run(struct job *jobs, size_t n)
{
	return schedule_run(jobs, n, &w->gateway, &w->admin, failed);
}

static void jitter(void)
{
	static const struct {
		int64_t period;
		uint32_t chance;
		int64_t want;
	} cases[] = {
		{1000, 0, 900},    {1000, 200, 1100},
		{1000, 100, 1000}, {1000, UINT32_MAX, 900 + UINT32_MAX % 201},
		{1, 7, 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		OK(schedule_jitter(cases[i].period, cases[i].chance) ==
			   cases[i].want,
		   "within a tenth");
}

static void often(void)
{
	struct job job = {.name = "often", .period = 1000, .run = count};
	int64_t began = clock_now();

	w = world_open();
	runs = failures = 0;
	int64_t next = run(&job, 1);
	OK(runs == 1 && failures == 0, "a new job is done at once");
	OK(next >= began + 900 && next <= clock_now() + 1100,
	   "and again after its period");
	run(&job, 1);
	OK(runs == 1, "not before");
	job.next = clock_now();
	fail = true;
	run(&job, 1);
	fail = false;
	OK(runs == 2 && failures == 1 && job.fails == 1, "one that fails");
	OK(job.next > clock_now(), "waits like the others");
	job.next = clock_now();
	run(&job, 1);
	OK(runs == 3 && job.fails == 0, "until it succeeds");
	world_close(&w);
}

static void seldom(void)
{
	struct job job = {.name = "seldom", .period = 3600000, .run = count};
	struct plan p;
	struct err e = {0};

	w = world_open();
	runs = failures = 0;
	run(&job, 1);
	OK(runs == 1, "done for the first time");
	OK(w->journal->ops->read(w->journal, &w->admin, "job-seldom", &p, &e) &&
		   p.position >= clock_seconds() - 5,
	   "which the journal knows");
	schedule_forget(&job, 1);
	run(&job, 1);
	OK(runs == 1 && job.next > clock_now() + 3000000,
	   "another holder of the lease does not do it again");
	p.position -= 3601;
	w->journal->ops->update(w->journal, &w->admin, &p, &e);
	schedule_forget(&job, 1);
	run(&job, 1);
	OK(runs == 2, "but when it is due");
	w->journal->ops->read(w->journal, &w->admin, "job-seldom", &p, &e);
	p.position += 1000000;
	w->journal->ops->update(w->journal, &w->admin, &p, &e);
	schedule_forget(&job, 1);
	run(&job, 1);
	OK(runs == 3, "a clock that was set back does not stop it");
	store_mem_down(w->store, true);
	schedule_forget(&job, 1);
	run(&job, 1);
	OK(runs == 3 && failures == 1,
	   "without the journal it is not done, and that is told");
	world_close(&w);
}

int main(void)
{
	jitter();
	often();
	seldom();
	return tap_done();
}
