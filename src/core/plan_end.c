#include <stdio.h>
#include <string.h>

#include "core/plan_steps.h"
#include "util/clock.h"
#include "util/instant.h"

enum { CLEAR_AT_ONCE = 64 };

/* Whether what is left to do is about records that are kept beside it. */
static bool needs_works(const struct plan *p)
{
	bool back = p->failure.kind != ERR_NONE;

	if (back ? p->position == 0 : (size_t)p->position == p->count)
		return false;
	const struct verb *v =
		plan_verb_of(&p->steps[p->position - (back ? 1 : 0)]);
	return v != NULL && v->undo != NULL;
}

bool plan_find_works(struct run *r, struct err *e)
{
	struct journal *j = r->g->journal;
	struct plan *p = r->plan;

	if (!needs_works(p) || j->ops->read_works(j, &r->t, p, e))
		return true;
	if (e->kind != ERR_NOT_FOUND || p->position > 0)
		return false;
	err_clear(e);
	if (p->failure.kind == ERR_NONE)
		p->failure = (struct failure){.kind = ERR_UNAVAILABLE,
					      .code = "interrupted",
					      .text = "it was not begun"};
	return true;
}

bool plan_can_turn_back(const struct run *r)
{
	const struct plan *p = r->plan;

	for (size_t i = 0; i <= (size_t)p->position; i++) {
		const struct verb *v = plan_verb_of(&p->steps[i]);

		if (v == NULL || v->undo == NULL)
			return false;
	}
	return true;
}

static const char *copy(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

bool plan_turn_back(struct run *r, const struct err *why, struct err *e)
{
	struct plan *p = r->plan;
	struct arena *a = r->t.arena;

	p->failure =
		(struct failure){.kind = why->kind,
				 .code = why->code,
				 .text = arena_strdup(a, why->text),
				 .conflicts_with = copy(a, why->conflicts_with),
				 .step = p->position};
	/* An earlier try of the step that failed may have done it. */
	if (r->again && p->work_count > 0)
		p->position++;
	/* Where it cannot be written down now, it is with the first step. */
	if (!plan_update(r, e))
		err_clear(e);
	return false;
}

/* As long as it lasts: what is below it was never done, or is undone. */
static bool clear(struct run *r, struct err *e)
{
	struct journal *j = r->g->journal;
	bool more = true;

	while (more) {
		if (!plan_pulse(r, e) ||
		    !j->ops->purge(j, &r->work, r->plan->id, CLEAR_AT_ONCE,
				   &more, e))
			return false;
	}
	return true;
}

/* One step, or what is left when all are undone. */
static bool undo_once(struct run *r, bool *over, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct plan *p = r->plan;

	r->work = r->t;
	r->work.arena = a;
	*over = p->position == 0;
	if (*over)
		return clear(r, e);
	const struct step *s = &p->steps[p->position - 1];
	const struct verb *v = plan_verb_of(s);
	if (!plan_pulse(r, e) || !v->undo(r, s, e))
		return false;
	err_clear(e);
	p->position--;
	return plan_update(r, e);
}

static bool undo_failed(struct run *r, unsigned tries, struct err *e)
{
	bool again;

	if (!plan_refused(r, tries, &again, e))
		return again;
	struct err why = *e;
	plan_let_go(r, PLAN_STUCK);
	return err_code(e, ERR_UNKNOWN, "outcome_unknown",
			"plan %s is stuck where it is undone: %s", r->plan->id,
			why.text);
}

bool plan_tell(const struct failure *f, struct err *e)
{
	err_clear(e);
	if (f->left != NULL)
		return err_code(e, ERR_CONFLICT, "partly_undone",
				"%s; all else is as it was, but others have "
				"changed %s meanwhile",
				f->text, f->left);
	err_code(e, f->kind, f->code, "%s", f->text);
	e->conflicts_with = f->conflicts_with;
	return false;
}

bool plan_go_back(struct run *r, struct err *e)
{
	unsigned tries = 0;
	bool over = false;

	err_clear(e);
	while (!over) {
		if (plan_stops(r, e))
			return false;
		if (undo_once(r, &over, e))
			tries = 0;
		else if (over = false, !undo_failed(r, ++tries, e))
			return false;
	}
	plan_end(r, PLAN_UNDONE);
	return plan_tell(&r->plan->failure, e);
}

/* What is over may be read for a while. */
static bool keep(struct run *r, const char *state, struct err *e)
{
	struct plan *p = r->plan;
	char *until = arena_alloc(r->t.arena, INSTANT_SIZE);

	instant_text(until, clock_seconds() + PLAN_KEPT_SECONDS);
	p->state = state;
	p->expires = until;
	p->holder = NULL;
	p->names = (struct text_list){0};
	return plan_update(r, e);
}

void plan_end(struct run *r, const char *state)
{
	struct journal *j = r->g->journal;
	struct plan *p = r->plan;
	struct err ignored = {0};

	if (r->kept ? keep(r, state, &ignored)
		    : j->ops->remove(j, &r->t, p->id, &ignored))
		return;
	p->expires = NULL;
	if (!r->steward)
		plan_let_go(r, PLAN_RUNNING);
}
