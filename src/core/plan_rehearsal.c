#include "core/plan_rehearsal.h"

#include "core/plan_steps.h"
#include "util/clock.h"
#include "util/random.h"
#include "util/text.h"

enum { ID_LENGTH = 16 };

/* How a step is rehearsed. */
enum how {
	HOW_ASKED, /* its writes are checked one by one */
	HOW_AHEAD, /* they follow on others, so they are noted unchecked */
	HOW_NOTHING,
	HOW_UNKNOWN,
};

/* clang-format off */
static const struct {
	const char *verb;
	enum how how;
} table[] = {
	{STEP_RENAME,    HOW_ASKED},
	{STEP_FORWARD,   HOW_AHEAD},   /* the address is not free yet */
	{STEP_SETTLE,    HOW_AHEAD},
	{STEP_RELINK,    HOW_ASKED},
	{STEP_UNFORWARD, HOW_AHEAD},
	{STEP_ADMIT,     HOW_ASKED},
	{STEP_DETACH,    HOW_ASKED},
	{STEP_RETIRE,    HOW_AHEAD},   /* it was asked for in STEP_ADMIT */
	{STEP_PURGE,     HOW_NOTHING}, /* what it does nobody sees */
	{STEP_ALLOW,     HOW_ASKED},
	{STEP_UNLINK,    HOW_ASKED},
	{STEP_STRIP,     HOW_ASKED},
	{STEP_HOLD,      HOW_ASKED},
	{STEP_REMOVE,    HOW_ASKED},
	{STEP_FOUND,     HOW_ASKED},
	{STEP_RESERVE,   HOW_AHEAD},   /* their domain is not there */
	{STEP_OPEN,      HOW_AHEAD},
	{STEP_WITHIN,    HOW_NOTHING},
	{STEP_RELEASE,   HOW_NOTHING},
	{STEP_TWIN,      HOW_ASKED},
	/* Of these there are many alike, by who may do everything. */
	{STEP_SHIFT,     HOW_NOTHING},
	{STEP_FOLLOW,    HOW_NOTHING},
	{STEP_TURN,      HOW_NOTHING},
	{STEP_CATCH,     HOW_NOTHING},
	{STEP_ARRIVE,    HOW_NOTHING},
	{STEP_PART,      HOW_NOTHING},
	{STEP_DROP,      HOW_NOTHING},
	{STEP_RESTORE,   HOW_ASKED},
	{STEP_FORGET,    HOW_NOTHING},
};
/* clang-format on */

static enum how how_of(const struct step *s)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		if (text_equal(table[i].verb, s->verb))
			return table[i].how;
	}
	return HOW_UNKNOWN;
}

static bool are_unclaimed(struct run *r, struct err *e)
{
	const struct text_list *names = &r->plan->names;
	struct journal *j = r->g->journal;
	bool claimed = false;

	for (size_t i = 0; i < names->count; i++) {
		if (!j->ops->is_claimed(j, &r->t, names->items[i], &claimed, e))
			return false;
		if (claimed)
			return err_code(e, ERR_CONFLICT, "under_way",
					"it is just being renamed or removed");
	}
	return true;
}

static bool rehearse_step(struct run *r, const struct step *s, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct rehearsal *rehearsal = r->t.rehearsal;
	enum how how = how_of(s);
	bool more = false;

	if (how == HOW_NOTHING)
		return true;
	if (how == HOW_UNKNOWN || plan_verb_of(s) == NULL)
		return err_code(e, ERR_MALFORMED, "dry_run_unsupported",
				"this cannot be rehearsed: \"%s %s\"", s->verb,
				s->key);
	r->work = r->t;
	r->work.arena = a;
	rehearsal->ahead = how == HOW_AHEAD;
	bool done = plan_verb_of(s)->run(r, s, &more, e);
	rehearsal->ahead = false;
	/* That looking takes longer than a client waits is no refusal. */
	if (!done && e->kind == ERR_TIMEOUT && clock_now() < r->t.deadline) {
		rehearsal->more = true;
		done = true;
	}
	if (done)
		err_clear(e);
	return done;
}

bool plan_rehearse(const struct gateway *g, const struct task *t,
		   struct plan *p, struct err *e)
{
	struct run r = {.g = g, .t = *t, .plan = p};

	p->id = random_word(t->arena, ID_LENGTH);
	p->state = PLAN_RUNNING;
	p->caller = t->caller->identity;
	p->holder = g->name;
	t->rehearsal->steps =
		arena_copy(t->arena, p->steps, p->count * sizeof(*p->steps));
	t->rehearsal->step_count = p->count;
	if (!are_unclaimed(&r, e))
		return false;
	for (size_t i = 0; i < p->count; i++) {
		if (!rehearse_step(&r, &p->steps[i], e))
			return false;
	}
	return true;
}
