#include "core/exclusive.h"

#include "core/plan.h"
#include "util/clock.h"
#include "util/random.h"

enum {
	ID_LENGTH = 16,
	PAUSE = 10, /* milliseconds, and up to as many more */
	AFTERWARDS = 5000,
	LEAVE = 1500, /* milliseconds before the deadline to say so */
};

static bool claim(const struct gateway *g, const struct task *t, struct plan *p,
		  struct err *e)
{
	struct err ignored = {0};

	p->id = random_word(t->arena, ID_LENGTH);
	if (g->journal->ops->write(g->journal, t, p, e))
		return true;
	if (e->kind == ERR_UNKNOWN)
		g->journal->ops->remove(g->journal, t, p->id, &ignored);
	return false;
}

/* Not all at the same time. */
static int64_t pause(void)
{
	unsigned char byte;

	random_bytes(&byte, sizeof(byte));
	return PAUSE + byte % PAUSE * 2;
}

bool exclusive_begin(const struct gateway *g, const struct task *t,
		     const char *const names[], size_t count,
		     struct exclusive *ret, struct err *e)
{
	const char **own = arena_copy(t->arena, names, count * sizeof(*own));
	const struct step steps[] = {{STEP_RELEASE,
				      kind_rules(KIND_PRINCIPAL)->noun,
				      names[0], NULL, NULL}};
	struct plan p = {.state = PLAN_RUNNING,
			 .caller = t->caller->identity,
			 .holder = g->name,
			 .names = {own, count},
			 .steps = steps,
			 .count = COUNT(steps)};

	if (rehearsal_is(t)) {
		*ret = (struct exclusive){.task = *t};
		return true;
	}
	while (!claim(g, t, &p, e)) {
		if (e->kind != ERR_CONFLICT)
			return false;
		err_clear(e);
		if (clock_now() + LEAVE > t->deadline ||
		    !g->store->ops->await(g->store, t, pause()))
			return err_code(e, ERR_LIMIT, "contended",
					"%s is asked by too many at once",
					names[0]);
	}
	ret->id = p.id;
	ret->task = *t;
	if (ret->task.deadline > p.written + g->lease_millis * 2 / 3)
		ret->task.deadline = p.written + g->lease_millis * 2 / 3;
	return true;
}

const struct task *exclusive_task(const struct exclusive *x,
				  const struct task *t)
{
	return x->id != NULL ? &x->task : t;
}

void exclusive_end(const struct gateway *g, struct exclusive *x,
		   const struct err *why)
{
	struct err ignored = {0};
	struct task t = x->task;

	t.deadline = clock_now() + AFTERWARDS;
	if (x->id != NULL && why->kind != ERR_UNKNOWN)
		g->journal->ops->remove(g->journal, &t, x->id, &ignored);
	x->id = NULL;
}
