#include "core/rename_domain.h"

#include <string.h>

#include "core/address.h"
#include "core/administrators.h"
#include "core/obstacle.h"
#include "core/plan.h"
#include "core/rehearsal.h"
#include "util/text.h"

enum {
	/* A local part of 64 characters has 192 where they are all "=". */
	SAFE_NAME = 47,
};

static const struct field name_field = FIELD(struct domain, name);

bool rename_domain_asked(const char *name, const struct patch *p)
{
	const struct domain *d = p->record;

	return patch_touches(p, name_field) && d->name != NULL &&
	       strcasecmp(d->name, name) != 0;
}

/* What a new name has to be, judged before anything is asked. */
static bool name_check(const char *name, const char *to, const struct patch *p,
		       struct arena *a, struct err *e)
{
	struct err bad = {0};

	if (!domain_name_check(to, &bad))
		fault_field(e, a, FAULT_FORMAT, name_field,
			    arena_strdup(a, bad.text));
	else if (strlen(to) > strlen(name) && strlen(to) > SAFE_NAME)
		fault_field(e, a, FAULT_RANGE, name_field,
			    "addresses might become too long: a domain can be "
			    "given a name of at most 47 characters, or one no "
			    "longer than it has");
	if (p->count > 1)
		fault_field(e, a, FAULT_RANGE, name_field,
			    "a domain is renamed by itself: send nothing else "
			    "with it");
	return e->faults == NULL;
}

/* Both ends of it are the business of who may do everything. */
static bool may_rename(const struct gateway *g, const struct task *t,
		       const char *name, struct err *e)
{
	bool all = false;

	return g->store->ops->is_super_administrator(g->store, t, &all, e) &&
	       (all || err_set(e, ERR_DENIED, "you may not rename %s", name));
}

static bool is_fit(const struct task *t, const struct domain *d, struct err *e)
{
	const char *own = address_domain(t->caller->login);

	if (!text_equal(d->kind, "local"))
		return err_code(e, ERR_CONFLICT, "domain_kind",
				"%s is a domain of kind %s, which has no "
				"mailboxes to keep: make another and delete "
				"this one",
				d->name, d->kind);
	/* His rights would end in the middle. */
	return !text_equal(own, d->name) ||
	       err_code(e, ERR_CONFLICT, "own_address",
			"you are in it: another administrator has to rename "
			"it");
}

/* A JSON Patch is meant for what was read. */
static bool is_as_read(const struct patch *p, const struct revision *rev,
		       struct err *e)
{
	return p->guard == NULL || text_equal(p->guard, rev->guard) ||
	       err_set(e, ERR_CHANGED, "it was written meanwhile");
}

static bool is_free(const struct gateway *g, const struct task *t,
		    const char *to, struct err *e)
{
	struct domain there;
	struct revision rev;

	if (g->store->ops->get(g->store, t, KIND_DOMAIN, to, &there, &rev, e))
		return obstacle_taken(g, t, KIND_DOMAIN, to, e);
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static bool carry_out(const struct gateway *g, const struct task *t,
		      const struct domain *d, const char *to, bool keep,
		      const char **job, struct err *e)
{
	const char *noun = kind_rules(KIND_DOMAIN)->noun, *from = d->name;
	const char *id = d->id;
	const struct step steps[] = {
		{STEP_TWIN, noun, from, to, id},
		{STEP_SHIFT, noun, from, to, id},
		{STEP_FOLLOW, noun, from, to, id},
		{STEP_CATCH, noun, from, to, id},
		{STEP_ARRIVE, noun, from, to, id},
		{STEP_TURN, noun, from, to, id},
		/* Who came until then. */
		{STEP_SHIFT, noun, from, to, id},
		{STEP_FOLLOW, noun, from, to, id},
		{STEP_ARRIVE, noun, from, to, id},
		{STEP_PART, noun, from, to, id},
		{STEP_DROP, noun, from, to, id},
	};
	const char *names[] = {from, to, administrators_name};
	bool any;

	if (!administrators_left(g, t, KIND_DOMAIN, from, &any, e))
		return false;
	struct plan plan = {.job = RENAME_JOB,
			    .names = {names, any ? 3 : 2},
			    .steps = steps,
			    .count = COUNT(steps) - (keep ? 1 : 0)};
	if (plan_run(g, t, &plan, e))
		return true;
	if (!plan.left)
		return false;
	err_clear(e);
	*job = plan.id;
	return true;
}

bool rename_domain(const struct gateway *g, const struct task *t,
		   const char *name, const struct patch *p,
		   const struct text_list *if_match, struct domain *ret,
		   struct revision *rev, struct err *e)
{
	const struct domain *wanted = p->record;
	const char *to = text_lower(t->arena, wanted->name), *job = NULL;
	struct store *s = g->store;

	if (!provision_key(t->arena, KIND_DOMAIN, &name, e) ||
	    !name_check(name, to, p, t->arena, e) ||
	    !s->ops->get(s, t, KIND_DOMAIN, name, ret, rev, e) ||
	    !provision_matches(if_match, rev, e) || !is_as_read(p, rev, e) ||
	    !may_rename(g, t, name, e) || !is_fit(t, ret, e) ||
	    !is_free(g, t, to, e) || !provision_unclaimed(g, t, name, e))
		return false;
	if (!carry_out(g, t, ret, to, p->keep_key, &job, e)) {
		if (e->kind == ERR_EXISTS)
			return obstacle_taken(g, t, KIND_DOMAIN, to, e);
		return provision_denied(e, "rename", name);
	}
	if (rehearsal_is(t)) {
		const struct domain before = *ret;

		ret->name = to;
		rehearsal_show(t, &before, ret, sizeof(before));
		return true;
	}
	if (s->ops->get(s, t, KIND_DOMAIN, to, ret, rev, e)) {
		ret->job = job;
		return true;
	}
	struct err why = *e;
	return err_code(e, ERR_UNKNOWN, "outcome_unknown", "%s: %s", to,
			why.text);
}
