#include "core/imports.h"

#include "core/gateway.h"
#include "core/journal.h"
#include "core/task.h"
#include "tests/lib/tap.h"
#include "util/text.h"

/* One entry; whoever has it keeps what he has done up to the last moment. */
static struct import_job kept;

static bool read_import(struct journal *j, const struct task *t, const char *id,
			struct import_job *ret, struct err *e)
{
	(void)j, (void)t, (void)id, (void)e;
	*ret = kept;
	return true;
}

static bool write_import(struct journal *j, const struct task *t,
			 struct import_job *job, bool take, struct err *e)
{
	(void)j, (void)t, (void)e;
	if (take) {
		kept.done = 70;
		kept.reach = 90;
		kept.holder = job->holder;
	} else {
		kept = *job;
	}
	return true;
}

int main(void)
{
	static const struct journal_ops ops = {.read_import = read_import,
					       .write_import = write_import};
	struct journal journal = {.ops = &ops};
	struct gateway g = {.journal = &journal};
	const struct caller caller = {.login = "ann", .identity = "uid=ann"};
	struct arena *a = arena_new();
	struct task t = {.arena = a, .caller = &caller};
	struct import_job job;
	struct err e = {0};

	kept = (struct import_job){.id = "it",
				   .caller = "uid=ann",
				   .state = IMPORT_INTERRUPTED,
				   .on_conflict = bulk_conflicts[BULK_FAIL],
				   .done = 40,
				   .reach = 60,
				   .holder = "another",
				   .known = true};
	OK(import_open(&g, &t, "it", BULK_FAIL, &job, &e), "it is taken over");
	OK(job.done == 70 && job.reach == 90,
	   "as far as it had come when it was taken");
	OK(text_equal(job.state, IMPORT_RUNNING) &&
		   !text_equal(job.holder, "another"),
	   "by another who goes on");
	OK(import_keep(&g, &t, &job, &e) && kept.done == 70,
	   "and goes not back");
	arena_free(a);
	return tap_done();
}
