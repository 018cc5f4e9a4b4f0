#include "core/changeset.h"

#include <string.h>

#include "core/address.h"
#include "core/again.h"
#include "core/job.h"
#include "core/obstacle.h"
#include "core/removal.h"
#include "core/replace.h"
#include "core/role.h"
#include "core/target.h"
#include "core/work.h"
#include "util/text.h"

enum {
	STEPS_EACH = 3, /* of an operation at most */
	LAST = 2,       /* to clear up, and a scope's */
};

void changeset_begin(struct changeset *ret, const struct gateway *g,
		     const struct task *t, size_t most)
{
	/* The plan is the trace of its request, and what is made carries no
	 * mark: it would be that of many. */
	struct task *own = arena_copy(t->arena, t, sizeof(*t));

	own->origin = NULL;
	*ret = (struct changeset){.gateway = g,
				  .task = own,
				  .plan.id = again_plan_id(t)};
	stage_begin(&ret->stage, g, t->arena);
	ret->works = arena_alloc(t->arena, (most + 1) * sizeof(*ret->works));
	ret->steps = arena_alloc(t->arena, (most * STEPS_EACH + LAST) *
						   sizeof(*ret->steps));
	ret->rights = arena_alloc(t->arena, (most + 1) * sizeof(bool));
	ret->failed.items = arena_alloc(t->arena, (most + 1) * sizeof(char *));
}

static bool refuse(struct err *e, const char *what)
{
	return err_code(e, ERR_CONFLICT, "not_in_a_set",
			"%s is not possible in a change set: send it by itself",
			what);
}

static bool touches_password(const struct operation_asked *o)
{
	void *any = o->record;
	struct passwords p;

	if (o->kind != KIND_USER || !kind_passwords(o->kind, any, &p))
		return false;
	const struct patch patch = {o->record, o->fields, o->field_count, false,
				    NULL};
	return patch_touches(&patch, p.clear_field) ||
	       patch_touches(&patch, p.ready_field);
}

static bool create(struct changeset *c, struct operation_asked *o,
		   struct err *e)
{
	const struct domain *d = o->record;
	struct revision rev;

	if (o->kind == KIND_DOMAIN && d->reserved_to.count > 0)
		return refuse(e, "a domain with its reserved names");
	return provision_create(&c->stage.gateway, c->task, o->kind, o->record,
				&rev, e);
}

/* What an operation is about, in the form it is stored in. */
static bool fold(struct changeset *c, struct operation_asked *o, struct err *e)
{
	if (!provision_key(c->task->arena, o->kind, &o->key, e))
		return false;
	return o->kind != KIND_USER ||
	       !text_equal(o->key, c->task->caller->login) ||
	       refuse(e, "changing or deleting yourself");
}

static bool change(struct changeset *c, struct operation_asked *o,
		   struct err *e)
{
	const struct field key = kind_rules(o->kind)->key;
	const struct patch p = {o->record, o->fields, o->field_count, false,
				NULL};
	void *ret = arena_alloc(c->task->arena, kind_rules(o->kind)->size);
	const char *to = kind_key(o->kind, o->record);
	struct revision rev;

	if (patch_touches(&p, key) && to != NULL &&
	    !text_equal(text_lower(c->task->arena, to), o->key))
		return refuse(e, "a rename");
	if (touches_password(o))
		return refuse(e, "another password for a user who is there");
	return provision_write(&c->stage.gateway, c->task, o->kind, o->key, &p,
			       o->if_match, ret, &rev, e);
}

static bool is_there(struct changeset *c, const struct operation_asked *o,
		     bool *ret, struct err *e)
{
	void *there = arena_alloc(c->task->arena, kind_rules(o->kind)->size);
	struct revision rev;

	*ret = c->stage.port.ops->get(&c->stage.port, c->task, o->kind, o->key,
				      there, &rev, e);
	if (*ret || e->kind != ERR_NOT_FOUND)
		return *ret;
	err_clear(e);
	return true;
}

static bool put(struct changeset *c, struct operation_asked *o, struct err *e)
{
	const struct domain *d = o->record;
	struct replacement r = {
		.patch = {o->record, o->fields, o->field_count, false, NULL},
		.kept = o->kept,
		.kept_count = o->kept_count,
		.if_match = o->if_match,
	};
	void *ret = arena_alloc(c->task->arena, kind_rules(o->kind)->size);
	struct revision rev;
	bool there;

	if (!is_there(c, o, &there, e))
		return false;
	if (o->kind == KIND_DOMAIN && d->reserved_to.count > 0)
		return refuse(e, "a domain with its reserved names");
	if (there && touches_password(o))
		return refuse(e, "another password for a user who is there");
	return replace(&c->stage.gateway, c->task, o->kind, o->key, &r, ret,
		       &rev, e);
}

/* Nothing may be left that names it but rights, which end with it. */
static bool may_go(struct changeset *c, const struct operation_asked *o,
		   bool *rights, struct err *e)
{
	struct store *s = &c->stage.port;
	struct naming n = {0};
	struct tally in = {0};

	if (o->kind == KIND_DOMAIN) {
		if (!target_unused(&c->stage.gateway, c->task, o->key, e) ||
		    !s->ops->count(s, c->task, o->key, &in, e))
			return false;
		if (in.users == 0 && in.aliases == 0)
			return true;
		err_code(e, ERR_CONFLICT, "not_empty",
			 "%s still has something in it", o->key);
		obstacle_counts(&c->stage.gateway, c->task, o->key, e);
		return false;
	}
	if (!s->ops->naming(s, c->task, o->key, REMOVAL_TOLD_MAX, &n, e))
		return false;
	*rights = n.rights;
	if (n.destinations.count > 0)
		return err_code(e, ERR_CONFLICT, "is_destination",
				"mail leads to %s from %s", o->key,
				n.destinations.items[0]);
	return o->kind != KIND_USER ||
	       role_gone(&c->stage.gateway, c->task, o->key, e);
}

static bool take_away(struct changeset *c, struct operation_asked *o,
		      bool *rights, struct err *e)
{
	struct store *s = &c->stage.port;
	void *there = arena_alloc(c->task->arena, kind_rules(o->kind)->size);
	struct revision seen;

	if (!s->ops->get(s, c->task, o->kind, o->key, there, &seen, e) ||
	    !provision_matches(o->if_match, &seen, e))
		return false;
	if (stage_has_made(&c->stage, o->kind, o->key))
		return refuse(e, "deleting what it makes");
	return (s->ops->may_remove(s, c->task, o->kind, o->key, e) ||
		provision_denied(e, "delete", o->key)) &&
	       may_go(c, o, rights, e) &&
	       s->ops->remove(s, c->task, o->kind, o->key, &seen, e);
}

static bool judge(struct changeset *c, struct operation_asked *o, bool *rights,
		  struct err *e)
{
	if (o->verb == CHANGESET_CREATE)
		return create(c, o, e);
	if (!fold(c, o, e))
		return false;
	switch (o->verb) {
	case CHANGESET_REPLACE:
		return put(c, o, e);
	case CHANGESET_CHANGE:
		return change(c, o, e);
	case CHANGESET_CREATE:
	case CHANGESET_REMOVE:
		break;
	}
	return take_away(c, o, rights, e);
}

static const char *key_of(const struct changeset *c,
			  const struct operation_asked *o)
{
	const char *key =
		o->key != NULL ? o->key : kind_key(o->kind, o->record);

	return key != NULL ? text_lower(c->task->arena, key) : "";
}

static bool depends(const struct changeset *c, const char *key)
{
	const char *domain = address_domain(key);

	for (size_t i = 0; i < c->failed.count; i++) {
		if (text_equal(c->failed.items[i], key) ||
		    text_equal(c->failed.items[i], domain))
			return true;
	}
	return false;
}

bool changeset_read(struct changeset *c, enum kind k, const char *key,
		    void *ret, struct revision *rev, bool *made, bool *skipped,
		    struct err *e)
{
	*made = *skipped = false;
	if (!provision_key(c->task->arena, k, &key, e))
		return false;
	*skipped = depends(c, key);
	if (*skipped ||
	    !provision_read(&c->stage.gateway, c->task, k, key, ret, rev, e))
		return false;
	*made = stage_has_made(&c->stage, k, key);
	return true;
}

static const char *verb_of(const struct work *w)
{
	return w->before == NULL  ? STEP_MAKE
	       : w->after == NULL ? STEP_ASIDE
				  : STEP_ALTER;
}

/* The rights that name it, and holding its address, come when all else is
 * done. */
static void finish(struct changeset *c, size_t i, bool rights)
{
	const struct step *s = &c->steps[i];
	struct plan *p = &c->plan;

	if (!text_equal(s->verb, STEP_ASIDE))
		return;
	if (rights)
		c->steps[p->count++] =
			(struct step){STEP_STRIP, s->kind, s->key, NULL, s->id};
	if (text_equal(s->kind, kind_rules(KIND_DOMAIN)->noun) ||
	    c->gateway->hold_days == 0 || s->key[0] == '@')
		return;
	c->steps[p->count++] =
		(struct step){STEP_HOLD, s->kind, s->key,
			      removal_hold_until(c->gateway, c->task), s->id};
}

/* What the client had seen has to be so still when its turn comes. */
static const char *tag_of(const struct changeset *c,
			  const struct operation_asked *o, const struct work *w)
{
	struct store *s = c->gateway->store;

	if (o->if_match == NULL || w->before == NULL)
		return NULL;
	for (size_t i = 0; i < o->if_match->count; i++) {
		if (text_equal(o->if_match->items[i], "*"))
			return NULL;
	}
	return s->ops->etag(s, c->task, o->kind, w->before);
}

bool changeset_add(struct changeset *c, struct operation_asked *o,
		   bool *skipped, struct err *e)
{
	const char *key = key_of(c, o);
	bool rights = false;

	*skipped = depends(c, key);
	c->stage.any = false;
	if (*skipped || !judge(c, o, &rights, e)) {
		c->failed.items[c->failed.count++] = key;
		return false;
	}
	if (!c->stage.any)
		return err_set(e, ERR_INTERNAL, "%s: nothing was written", key);
	struct work *w = &c->works[c->count];
	*w = c->stage.last;
	w->fields = o->fields;
	w->field_count = o->field_count;
	w->etag = tag_of(c, o, w);
	c->steps[c->count++] = (struct step){
		.verb = verb_of(w),
		.kind = kind_rules(w->kind)->noun,
		.key = kind_key(w->kind,
				w->after != NULL ? w->after : w->before),
		.to = "work",
		.id = w->before != NULL ? kind_id(w->kind, w->before) : NULL,
	};
	c->rights[c->count - 1] = rights;
	return true;
}

/* Addresses that come or go are nobody else's meanwhile.  What is but changed
 * is claimed from other sets, under a name that is no address: mail for it is
 * not put off. */
static struct text_list claims_of(const struct changeset *c)
{
	struct arena *a = c->task->arena;
	struct text_list names = {arena_alloc(a,
					      (c->count + 1) * sizeof(char *)),
				  0};

	for (size_t i = 0; i < c->count; i++) {
		const struct step *s = &c->steps[i];
		const char *name = s->key;
		bool known = false;

		if (text_equal(s->verb, STEP_ALTER))
			name = arena_join(a, "set/", s->key, NULL);
		for (size_t n = 0; n < names.count; n++)
			known = known || text_equal(names.items[n], name);
		if (!known)
			names.items[names.count++] = name;
	}
	return names;
}

static void make_plan(struct changeset *c)
{
	struct plan *p = &c->plan;

	*p = (struct plan){.id = p->id,
			   .names = claims_of(c),
			   .steps = c->steps,
			   .count = c->count,
			   .works = c->works,
			   .work_count = c->count,
			   .job = CHANGESET_JOB};
	for (size_t i = 0; i < c->count; i++)
		finish(c, i, c->rights[i]);
	c->steps[p->count++] = (struct step){.verb = STEP_CLEAR,
					     .kind = "",
					     .key = c->steps[0].key};
}

bool changeset_run(struct changeset *c, struct err *e)
{
	make_plan(c);
	return job_room(c->gateway, c->task, e) &&
	       plan_run(c->gateway, c->task, &c->plan, e);
}

bool changeset_leave(struct changeset *c, struct err *e)
{
	make_plan(c);
	return job_room(c->gateway, c->task, e) &&
	       plan_leave(c->gateway, c->task, &c->plan, e);
}
