#include <string.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/fence.h"
#include "core/plan.h"
#include "core/plan_steps.h"
#include "core/scope.h"
#include "core/user.h"
#include "tests/lib/store_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"

static const char *everything[] = {"*"}, *own[] = {"example.org"},
		  *other[] = {"other.example"};

static struct task with(const struct task *t, struct caller *c,
			const struct scope *s)
{
	struct task own_task = *t;

	*c = *t->caller;
	c->scope = s;
	own_task.caller = c;
	return own_task;
}

static bool sees(struct world *w, const struct task *t, enum kind k,
		 const char *key)
{
	void *record = arena_alloc(w->arena, kind_rules(k)->size);
	struct revision rev;
	struct err e = {0};

	return w->gateway.store->ops->get(w->gateway.store, t, k, key, record,
					  &rev, &e) ||
	       e.kind != ERR_NOT_FOUND;
}

static size_t listed(struct world *w, const struct task *t, enum kind k,
		     const char *domain)
{
	struct query q = {.kind = k, .domain = domain, .limit = 100};
	struct page page = {0};
	struct err e = {0};

	return w->gateway.store->ops->list(w->gateway.store, t, &q, &page, &e)
		       ? page.count
		       : 1000;
}

static void fenced(struct world *w)
{
	const struct scope here = {{everything, 1}, {own, 1}, false};
	const struct scope there = {{everything, 1}, {other, 1}, false};
	struct caller one, two;
	const struct task in = with(&w->admin, &one, &here);
	const struct task out = with(&w->admin, &two, &there);
	struct store *s = w->gateway.store;
	struct err e = {0};
	bool is = true;

	OK(sees(w, &w->admin, KIND_DOMAIN, "example.org"), "without a key");
	OK(sees(w, &in, KIND_DOMAIN, "example.org") &&
		   sees(w, &in, KIND_USER, "ann@example.org"),
	   "with one for it");
	OK(!sees(w, &out, KIND_DOMAIN, "example.org") &&
		   !sees(w, &out, KIND_USER, "ann@example.org"),
	   "with one for another domain");
	NUMBER(listed(w, &out, KIND_USER, "example.org"), 1000,
	       "nor is the domain there");
	OK(s->ops->is_super_administrator(s, &in, &is, &e) && !is,
	   "nobody is a super administrator with it");
	OK(!s->ops->may_create(s, &in, NULL, &e) && e.kind == ERR_DENIED,
	   "nor makes domains");
	err_clear(&e);
	OK(!s->ops->may_create(s, &out, "example.org", &e), "nor addresses");
	err_clear(&e);
	OK(!s->ops->remove(s, &out, KIND_USER, "ann@example.org", NULL, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "nor removes any");
}

/* Written without leave of the fence. */
static enum err_kind written(struct world *w, const struct task *t,
			     const struct user *old, const struct user *now)
{
	struct store *s = w->gateway.store;
	struct user record = *now;
	struct revision rev, seen;
	struct user there;
	struct err e = {0};

	if (!s->ops->get(s, t, KIND_USER, old->address, &there, &seen, &e) ||
	    !s->ops->change(s, t, KIND_USER, old, &record, &seen, &rev, &e))
		return e.kind;
	return ERR_NONE;
}

/* Whose password, or mail, somebody gets is he: with all his roles. */
static void lent(struct world *w)
{
	const struct scope here = {{everything, 1}, {own, 1}, false};
	const char *elsewhere[] = {"x@evil.example"};
	struct caller c;
	const struct task in = with(&w->admin, &c, &here);
	struct store *s = w->gateway.store;
	struct user old, now[5];
	struct revision rev;
	struct err e = {0};

	OK(s->ops->get(s, &in, KIND_USER, "ann@example.org", &old, &rev, &e),
	   "a user");
	for (size_t i = 0; i < COUNT(now); i++)
		now[i] = old;
	now[0].stored.hash = "{CRYPT}x";
	now[1].recovery_address = elsewhere[0];
	now[2].forward_to = (struct text_list){elsewhere, 1};
	now[3].send_as = (struct text_list){elsewhere, 1};
	now[4].name = "Ann";
	store_mem_role(s, "ann@example.org");
	for (size_t i = 0; i < 4; i++)
		NUMBER(written(w, &in, &old, &now[i]), ERR_DENIED,
		       "who has a role is not lent");
	NUMBER(written(w, &in, &old, &now[4]), ERR_NONE, "but named");
	NUMBER(written(w, &w->admin, &old, &now[0]), ERR_NONE,
	       "without a key he gets a password");
	store_mem_role(s, NULL);
	NUMBER(written(w, &in, &old, &now[0]), ERR_NONE,
	       "and with one who has none");
}

static void remembered(struct world *w)
{
	const struct scope two = {{everything, 1},
				  {(const char *[]){"a.org", "b.org"}, 2},
				  false};
	const struct step first = {STEP_ALLOW, "user", "x@a.org", NULL, "id"};
	struct plan p = {.steps = &first, .count = 1};
	struct caller c;
	const struct task t = with(&w->admin, &c, &two);

	step_add_within(&w->admin, &p);
	NUMBER((int)p.count, 1, "without a key a plan says nothing of domains");
	OK(step_find_within(w->arena, &p) == NULL, "and is not bound");
	step_add_within(&t, &p);
	NUMBER((int)p.count, 2, "with one it does");
	IS(p.steps[0].verb, STEP_ALLOW, "behind what decides");
	const struct scope *s = step_find_within(w->arena, &p);
	OK(s != NULL && scope_is_bound(s) && scope_covers(s, "x@a.org") &&
		   scope_covers(s, "b.org") && !scope_covers(s, "c.org"),
	   "and whoever goes on with it is bound");
	OK(plan_is_known(&p), "the step is known");
}

int main(void)
{
	struct world *w = world_open();

	fence_raise(w->gateway.store);
	fenced(w);
	lent(w);
	remembered(w);
	world_close(&w);
	return tap_done();
}
