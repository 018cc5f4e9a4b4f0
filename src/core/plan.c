#include "core/plan.h"

#include <string.h>

#include "core/administrators.h"
#include "core/plan_domain.h"
#include "core/plan_rehearsal.h"
#include "core/target.h"
#include "core/trash.h"
#include "util/clock.h"
#include "util/random.h"
#include "util/text.h"

const char PLAN_RUNNING[] = "running", PLAN_STUCK[] = "stuck",
	   PLAN_DONE[] = "done", PLAN_UNDONE[] = "undone";

enum {
	ID_LENGTH = 16,
	PAGE = 5000,         /* records of a domain that are looked at */
	RELINK_AT_ONCE = 50, /* names that one search asks for */
	PURGE_AT_ONCE = 64,
	PURGE_INLINE = 256, /* records a request deletes by itself */
	PAUSE = 100,  /* milliseconds until a failed step is tried again */
	LEAVE = 1500, /* milliseconds before the deadline a request lets
		       * go, to tell its client */
	WITH_STEWARD =
		2000, /* tries of the steward, each time it takes it up */
};

bool plan_may_retry(const struct err *e)
{
	return e->kind == ERR_UNAVAILABLE || e->kind == ERR_TIMEOUT ||
	       e->kind == ERR_UNKNOWN || e->kind == ERR_LIMIT;
}

enum kind plan_kind_of(const struct step *s)
{
	for (enum kind k = 0; k < KIND_COUNT; k++) {
		if (strcmp(s->kind, kind_rules(k)->noun) == 0)
			return k;
	}
	return KIND_ALIAS;
}

bool plan_update(struct run *r, struct err *e)
{
	struct journal *j = r->g->journal;
	struct plan *p = r->plan, now;
	struct err none = {0};

	if (j->ops->update(j, &r->t, p, e)) {
		r->unheard = false;
		return true;
	}
	r->unheard = r->unheard || e->kind == ERR_UNKNOWN;
	if (e->kind != ERR_CHANGED || !r->unheard ||
	    !j->ops->read(j, &r->t, p->id, &now, &none) ||
	    !text_equal(now.holder, p->holder) || now.position > p->position)
		return false;
	/* Our own writing, whose answer was lost. */
	p->guard = now.guard;
	err_clear(e);
	return j->ops->update(j, &r->t, p, e);
}

bool plan_pulse(struct run *r, struct err *e)
{
	struct plan *p = r->plan;
	int64_t lease = r->g->lease_millis;

	r->work.deadline = r->t.deadline;
	if (rehearsal_is(&r->t))
		return true; /* it is nobody's */
	if (clock_now() - p->written >= lease / 3 && !plan_update(r, e))
		return false;
	r->work.deadline = p->written + lease * 2 / 3;
	if (r->work.deadline > r->t.deadline)
		r->work.deadline = r->t.deadline;
	return true;
}

static bool is_stopping(const struct run *r)
{
	return r->stop != NULL && *r->stop;
}

/* A long step makes way for a client's answer, and for our end. */
bool plan_may_go_on(const struct run *r, struct err *e)
{
	if (!is_stopping(r) && !(rehearsal_is(&r->t) && r->t.rehearsal->more) &&
	    (r->steward || clock_now() + LEAVE < r->t.deadline))
		return true;
	return err_set(e, ERR_TIMEOUT, "it takes longer");
}

static bool detach_names(struct run *r, struct arena *a,
			 const struct text_list *names, const char *domain,
			 struct err *e)
{
	struct store *s = r->g->store;
	bool more = true;

	while (more) {
		if (!plan_pulse(r, e))
			return false;
		struct task t = r->work;
		t.arena = a;
		if (!s->ops->relink(s, &t, names, NULL, domain, RELINK_ALL,
				    &more, e) ||
		    (more && !plan_may_go_on(r, e)))
			return false;
	}
	return true;
}

/* A page's keys, some at a time. */
static bool detach_page(struct run *r, struct arena *a, enum kind k,
			const struct page *page, const char *domain,
			struct err *e)
{
	const char *items[RELINK_AT_ONCE];
	size_t size = kind_rules(k)->size;

	for (size_t i = 0; i < page->count;) {
		struct text_list names = {items, 0};

		while (i < page->count && names.count < COUNT(items))
			items[names.count++] =
				kind_key(k, page->records + i++ * size);
		if (!detach_names(r, a, &names, domain, e) ||
		    (i < page->count && !plan_may_go_on(r, e)))
			return false;
	}
	return true;
}

/* The last key of a page, where the next begins. */
static const char *last_key(enum kind k, const struct page *page)
{
	size_t size = kind_rules(k)->size;

	if (page->last != NULL || page->count == 0)
		return page->last;
	return kind_key(k, page->records + (page->count - 1) * size);
}

/* Whether the step's domain, and no other of that name, is there. */
static bool domain_there(struct run *r, const struct step *s, bool *ret,
			 struct err *e)
{
	return r->g->store->ops->is_there(r->g->store, &r->work, KIND_DOMAIN,
					  s->key, s->id, ret, e);
}

/* The caller sees nothing: rightly? */
static bool is_gone(struct run *r, const struct step *s, struct err *e)
{
	bool there;

	err_clear(e);
	if (!domain_there(r, s, &there, e))
		return false;
	return !there ||
	       err_set(e, ERR_DENIED, "you may not delete %s", s->key);
}

static bool detach_kind(struct run *r, enum kind k, const struct step *s,
			struct err *e)
{
	struct query q = {.kind = k, .domain = s->key, .limit = PAGE};
	struct store *st = r->g->store;
	struct page page = {.more = true};
	bool there;

	while (page.more) {
		CLEANUP(arena_release) struct arena *a = arena_new();

		if (!plan_pulse(r, e) || !domain_there(r, s, &there, e))
			return false;
		if (!there)
			return true; /* retired already */
		struct task t = r->work;
		t.arena = a;
		if (!st->ops->list(st, &t, &q, &page, e))
			return e->kind == ERR_NOT_FOUND && is_gone(r, s, e);
		if (!detach_page(r, a, k, &page, s->key, e) ||
		    (page.more && !plan_may_go_on(r, e)))
			return false;
		const char *last = last_key(k, &page);
		if (last == NULL)
			return true;
		q.after = arena_strdup(r->work.arena, last);
	}
	return true;
}

/* The right to send as anybody there ends, too. */
static bool detach_whole(struct run *r, const struct step *s, struct err *e)
{
	const char *items[] = {arena_printf(r->work.arena, "@%s", s->key)};
	const struct text_list names = {items, COUNT(items)};

	return detach_names(r, r->work.arena, &names, s->key, e);
}

static bool run_detach(struct run *r, const struct step *s, bool *more,
		       struct err *e)
{
	(void)more;
	return detach_kind(r, KIND_USER, s, e) &&
	       detach_kind(r, KIND_ALIAS, s, e) && detach_whole(r, s, e);
}

/* Who made the plan found some in the domain. */
bool plan_administrators_stay(struct run *r, const struct step *s,
			      struct err *e)
{
	const struct text_list *names = &r->plan->names;
	bool any;

	for (size_t i = 0; i < names->count; i++) {
		if (text_equal(names->items[i], administrators_name))
			return administrators_left(r->g, &r->work, KIND_DOMAIN,
						   s->key, &any, e);
	}
	return true;
}

/* Asked once more now that nobody can take the name: alias domains may have
 * come to lead here. */
static bool run_admit(struct run *r, const struct step *s, bool *more,
		      struct err *e)
{
	struct store *st = r->g->store;
	bool there;

	(void)more;
	if (!domain_there(r, s, &there, e))
		return false;
	if (!there)
		return err_set(e, ERR_NOT_FOUND, "there is no domain %s",
			       s->key);
	return target_unused(r->g, &r->work, s->key, e) &&
	       plan_administrators_stay(r, s, e) &&
	       st->ops->may_retire(st, &r->work, KIND_DOMAIN, s->key,
				   r->plan->id, e);
}

/* Into the trash, or to be purged next. */
static bool run_retire(struct run *r, const struct step *s, bool *more,
		       struct err *e)
{
	struct store *st = r->g->store;
	struct revision rev;
	struct domain d;
	bool there, kept;

	(void)more;
	if (!domain_there(r, s, &there, e) || !there)
		return e->kind == ERR_NONE;
	if (s->to != NULL) {
		if (!st->ops->get(st, &r->work, KIND_DOMAIN, s->key, &d, &rev,
				  e))
			return e->kind == ERR_NOT_FOUND && is_gone(r, s, e);
		if (!trash_put(r->g, &r->work, KIND_DOMAIN, &d, NULL, s->to,
			       &kept, e) ||
		    kept)
			return e->kind == ERR_NONE;
	}
	return st->ops->retire(st, &r->work, KIND_DOMAIN, s->key, s->id,
			       r->plan->id, e);
}

/* What lies below the plan: of a change set its records, too. */
static bool run_clear(struct run *r, const struct step *s, bool *more,
		      struct err *e)
{
	(void)s;
	r->purged += PURGE_AT_ONCE;
	return r->g->journal->ops->purge(r->g->journal, &r->work, r->plan->id,
					 PURGE_AT_ONCE, more, e);
}

static bool run_purge(struct run *r, const struct step *s, bool *more,
		      struct err *e)
{
	struct store *st = r->g->store;

	return (r->purged != 0 ||
		st->ops->forget(st, &r->work, s->key, s->id, NULL, e)) &&
	       run_clear(r, s, more, e);
}

/* See core/exclusive: who had them is gone. */
static bool run_release(struct run *r, const struct step *s, bool *more,
			struct err *e)
{
	(void)r, (void)s, (void)more, (void)e;
	return true;
}

/* clang-format off */
static const struct verb verbs[] = {
	{STEP_RENAME,     step_rename,    false, false, NULL},
	{STEP_FORWARD,    step_forward,   false, false, NULL},
	{STEP_SETTLE,     step_settle,    false, false, NULL},
	{STEP_RELINK,     step_relink,    false, false, NULL},
	{STEP_UNFORWARD,  step_unforward, false, false, NULL},
	{STEP_ADMIT,      run_admit,     true,  false, NULL},
	{STEP_DETACH,     run_detach,    false, false, NULL},
	{STEP_RETIRE,     run_retire,    false, false, NULL},
	{STEP_PURGE,      run_purge,     false, true,  NULL},
	{STEP_ALLOW,      step_allow,    true,  false, NULL},
	{STEP_UNLINK,     step_unlink,   false, false, NULL},
	{STEP_STRIP,      step_strip,    false, false, NULL},
	{STEP_HOLD,       step_hold,     false, false, NULL},
	{STEP_REMOVE,     step_remove,   false, false, NULL},
	{STEP_FOUND,      step_found,    false, false, NULL},
	{STEP_RESERVE,    step_reserve,  false, false, NULL},
	{STEP_OPEN,       step_open,     false, false, NULL},
	{STEP_WITHIN,     step_within,   false, false, NULL},
	{STEP_RELEASE,    run_release,   true,  true,  NULL},
	{STEP_MAKE,       step_make,     false, false, undo_make},
	{STEP_ALTER,      step_alter,    false, false, undo_alter},
	{STEP_ASIDE,      step_aside,    false, false, undo_aside},
	{STEP_CLEAR,      run_clear,     false, true,  NULL},
	{STEP_TWIN,       step_twin,     false, false, NULL},
	{STEP_SHIFT,      step_shift,    false, false, NULL},
	{STEP_FOLLOW,     step_follow,   false, false, NULL},
	{STEP_TURN,       step_turn,     false, false, NULL},
	{STEP_CATCH,      step_catch,    false, false, NULL},
	{STEP_ARRIVE,     step_arrive,   false, false, NULL},
	{STEP_PART,       step_part,     false, false, NULL},
	{STEP_DROP,       step_drop,     false, false, NULL},
	{STEP_RESTORE,    step_restore,  false, false, NULL},
	{STEP_FORGET,     step_forget,   false, true,  NULL},
};
/* clang-format on */

const struct verb *plan_verb_of(const struct step *s)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (text_equal(verbs[i].name, s->verb))
			return &verbs[i];
	}
	return NULL;
}

bool plan_is_known(const struct plan *p)
{
	bool back = p->failure.kind != ERR_NONE;

	for (size_t i = back ? 0 : (size_t)p->position; i < p->count; i++) {
		if (plan_verb_of(&p->steps[i]) == NULL)
			return false;
	}
	return true;
}

/* One step, or a part of it. */
static bool step_once(struct run *r, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct plan *p = r->plan;
	const struct step *s = &p->steps[p->position];
	const struct verb *v = plan_verb_of(s);
	bool more = false;

	r->work = r->t;
	r->work.arena = a;
	if (v == NULL)
		return err_set(e, ERR_INTERNAL, "no step is called %s",
			       s->verb);
	if (v->cleans && p->names.count > 0) {
		p->names = (struct text_list){0};
		if (!plan_update(r, e))
			return false;
	}
	if (!plan_pulse(r, e) || !v->run(r, s, &more, e))
		return false;
	err_clear(e);
	if (more)
		return true;
	p->position++;
	r->again = false;
	return (size_t)p->position == p->count || plan_update(r, e);
}

/* What is stuck claims no names any more: mail for them would be put off until
 * somebody sees to it. */
bool plan_let_go(struct run *r, const char *state)
{
	struct err ignored = {0};

	if (state == PLAN_STUCK)
		r->plan->names = (struct text_list){0};
	r->plan->holder = NULL;
	r->plan->state = state;
	return plan_update(r, &ignored);
}

/* What failed at the steward's rests until he takes himself for dead. */
static void leave(struct run *r)
{
	if (!r->steward || is_stopping(r))
		plan_let_go(r, PLAN_RUNNING);
}

/* What the client asked for is done. */
static bool only_cleans(const struct run *r)
{
	const struct verb *v = plan_verb_of(&r->plan->steps[r->plan->position]);

	return !r->steward && v != NULL && v->cleans;
}

/* Whether a refusal of the first step means that nothing was done.  A rename
 * whose caller has lost his rights may be half done. */
static bool is_untouched(const struct run *r, const struct err *why)
{
	const struct verb *v = plan_verb_of(&r->plan->steps[0]);

	return r->plan->position == 0 && v != NULL &&
	       (v->asks || !r->again || why->kind != ERR_DENIED);
}

/* Nothing was done so far, and nothing will be. */
static bool call_off(struct run *r, const struct err *why, struct err *e)
{
	struct journal *j = r->g->journal;
	struct plan *p = r->plan;

	*e = *why;
	if (r->kept) {
		p->failure = (struct failure){.kind = why->kind,
					      .code = why->code,
					      .text = why->text};
		plan_end(r, PLAN_UNDONE);
		return false;
	}
	struct err bad = {0};
	if (j->ops->remove(j, &r->t, p->id, &bad))
		return false;
	/* The steward shall do nothing but remove it. */
	p->names = (struct text_list){0};
	p->position = (int64_t)p->count;
	if (plan_let_go(r, PLAN_RUNNING))
		return false;
	return err_code(e, ERR_UNKNOWN, "outcome_unknown", "%s", bad.text);
}

static bool try_again(struct run *r, unsigned tries, struct err *e)
{
	struct store *s = r->g->store;
	struct err why = *e;

	if (!plan_may_retry(&why))
		return false;
	if (clock_now() + LEAVE < r->t.deadline &&
	    (!r->steward || tries < WITH_STEWARD / PAUSE) && !is_stopping(r) &&
	    s->ops->await(s, &r->t, PAUSE)) {
		r->again = true;
		err_clear(e);
		return true;
	}
	r->plan->left = r->plan->position > 0;
	leave(r);
	return err_code(e, ERR_UNKNOWN, "outcome_unknown", "%s", why.text);
}

bool plan_refused(struct run *r, unsigned tries, bool *again, struct err *e)
{
	*again = try_again(r, tries, e);
	if (*again || e->kind == ERR_UNKNOWN)
		return false;
	/* Somebody took us for dead and goes on in our place. */
	return e->kind != ERR_CHANGED || e->code != NULL ||
	       err_code(e, ERR_UNKNOWN, "outcome_unknown",
			"another gateway goes on with it");
}

/* A failed step is tried again as long as that may help.  True: go on. */
static bool step_failed(struct run *r, unsigned tries, struct err *e)
{
	bool again;

	if (!plan_refused(r, tries, &again, e))
		return again;
	struct err why = *e;
	if (plan_can_turn_back(r))
		return plan_turn_back(r, &why, e);
	if (is_untouched(r, &why))
		return call_off(r, &why, e);
	const struct step *at = &r->plan->steps[r->plan->position];
	plan_let_go(r, PLAN_STUCK);
	return err_code(e, ERR_UNKNOWN, "outcome_unknown",
			"plan %s is stuck at \"%s %s\": %s", r->plan->id,
			at->verb, at->key, why.text);
}

bool plan_stops(struct run *r, struct err *e)
{
	if (!is_stopping(r))
		return false;
	plan_let_go(r, PLAN_RUNNING);
	err_set(e, ERR_UNKNOWN, "we are stopping");
	return true;
}

static bool go_forward(struct run *r, struct err *e)
{
	struct plan *p = r->plan;
	unsigned tries = 0;

	while ((size_t)p->position < p->count) {
		if (plan_stops(r, e))
			return false;
		bool enough = only_cleans(r) && r->purged >= PURGE_INLINE;
		if (!enough && step_once(r, e)) {
			tries = 0;
		} else if (only_cleans(r)) {
			/* The rest is nothing to the client. */
			err_clear(e);
			plan_let_go(r, PLAN_RUNNING);
			return true;
		} else if (!step_failed(r, ++tries, e)) {
			return false;
		}
	}
	/* All is done: that its entry stays, at worst until the steward finds
	 * it, is no failure. */
	plan_end(r, PLAN_DONE);
	return true;
}

static bool carry_out(struct run *r, struct err *e)
{
	if (r->plan->failure.kind == ERR_NONE && go_forward(r, e))
		return true;
	return r->plan->failure.kind != ERR_NONE && plan_go_back(r, e);
}

/* Nobody else writes one of that name: it is ours whose answer was lost. */
static bool was_written(struct run *r, struct err *e)
{
	struct journal *j = r->g->journal;
	struct plan *p = r->plan, now;
	struct err none = {0};

	if (e->kind != ERR_UNKNOWN ||
	    !j->ops->read(j, &r->t, p->id, &now, &none) ||
	    !text_equal(now.holder, p->holder) || now.position > 0)
		return false;
	p->guard = now.guard;
	p->written = clock_now();
	err_clear(e);
	return true;
}

/* Into the journal, with the records of a change set. */
static bool write_down(struct run *r, struct err *e)
{
	const struct gateway *g = r->g;
	struct plan *p = r->plan;
	const struct task *t = &r->t;

	bool named = p->id != NULL;

	step_add_within(t, p);
	if (!named)
		p->id = random_word(t->arena, ID_LENGTH);
	p->state = PLAN_RUNNING;
	p->caller = t->caller->identity;
	p->login = t->caller->login;
	p->holder = g->name;
	p->position = 0;
	bool written = g->journal->ops->write(g->journal, t, p, e) ||
		       (named && was_written(r, e));
	if (written && plan_domains_rest(g, t, p, e)) {
		if (p->work_count == 0 ||
		    g->journal->ops->write_works(g->journal, t, p, e))
			return true;
		struct err why = *e;
		return plan_turn_back(r, &why, e) || plan_go_back(r, e);
	}
	/* If it was written all the same, the steward finds it; but nothing has
	 * begun yet, so it is best taken back. */
	if (written || (e->kind == ERR_UNKNOWN && !named)) {
		struct err ignored = {0};
		g->journal->ops->remove(g->journal, t, p->id, &ignored);
	}
	if (!written && (e->kind == ERR_CONFLICT || e->kind == ERR_EXISTS))
		err_code(e, ERR_CONFLICT, "under_way",
			 "it is just being renamed or removed");
	return false;
}

bool plan_run(const struct gateway *g, const struct task *t, struct plan *p,
	      struct err *e)
{
	struct run r = {.g = g,
			.t = *t,
			.plan = p,
			.kept = p->job != NULL && p->id != NULL};

	if (rehearsal_is(t))
		return plan_rehearse(g, t, p, e);
	return write_down(&r, e) && carry_out(&r, e);
}

bool plan_leave(const struct gateway *g, const struct task *t, struct plan *p,
		struct err *e)
{
	struct run r = {.g = g, .t = *t, .plan = p};

	if (rehearsal_is(t))
		return plan_rehearse(g, t, p, e);
	if (!write_down(&r, e))
		return false;
	/* If that fails it is taken up when we are taken for dead. */
	plan_let_go(&r, PLAN_RUNNING);
	return true;
}

bool plan_resume(const struct gateway *g, const struct task *t, struct plan *p,
		 const bool *stop, struct err *e)
{
	struct caller caller = {.login = p->caller,
				.identity = p->caller,
				.scope = step_find_within(t->arena, p)};
	struct run r = {.g = g,
			.t = *t,
			.plan = p,
			.steward = true,
			.again = true,
			.kept = p->job != NULL,
			.stop = stop};

	if (p->count == 0)
		return err_set(e, ERR_INTERNAL, "plan %s cannot be read",
			       p->id);
	if (!plan_is_known(p))
		return err_set(e, ERR_INTERNAL,
			       "plan %s has steps that are not known here",
			       p->id);
	r.t.caller = &caller;
	/* Not to be mistaken for a request of the same gateway. */
	p->holder = arena_printf(t->arena, "%s steward", g->name);
	p->state = PLAN_RUNNING;
	if (!plan_update(&r, e) || !plan_find_works(&r, e))
		return false;
	if (p->login != NULL)
		caller.login = p->login;
	return carry_out(&r, e);
}
