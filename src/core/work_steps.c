#include <string.h>

#include "core/address.h"
#include "core/claims.h"
#include "core/domain_checks.h"
#include "core/obstacle.h"
#include "core/plan_steps.h"
#include "core/provision.h"
#include "core/role.h"
#include "core/tally.h"
#include "core/target.h"
#include "core/trash.h"
#include "core/user.h"
#include "core/work.h"
#include "util/fault.h"
#include "util/text.h"

/* Of the step that is carried out. */
static const struct work *work_of(const struct run *r)
{
	return &r->plan->works[r->plan->position];
}

/* Of the one that is undone. */
static const struct work *work_before(const struct run *r)
{
	return &r->plan->works[r->plan->position - 1];
}

/* What tells of a failure lives as long as the plan. */
static bool refuse(struct run *r, struct err *e)
{
	struct arena *a = r->t.arena;

	if (e->faults != NULL) {
		const char *text = arena_strdup(a, e->faults->text);

		e->faults = NULL;
		err_code(e, e->kind, e->code, "%s", text);
	}
	if (e->conflicts_with != NULL)
		e->conflicts_with = arena_strdup(a, e->conflicts_with);
	if (e->etag != NULL)
		e->etag = arena_strdup(a, e->etag);
	e->counts = NULL;
	return false;
}

/* What is there now; false with ERR_NONE if there is nothing. */
static bool look(struct run *r, const struct work *w, const char *key,
		 void *ret, struct revision *rev, struct err *e)
{
	struct store *st = r->g->store;
	struct user *u = ret;
	bool there;

	if (st->ops->get(st, &r->work, w->kind, key, ret, rev, e))
		return w->kind != KIND_USER || u->mailbox_id != NULL ||
		       st->ops->mailbox(st, &r->work, key, &u->mailbox_id, e);
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (!st->ops->is_there(st, &r->work, w->kind, key, NULL, &there, e))
		return false;
	return there && err_set(e, ERR_DENIED, "you may not see %s", key);
}

static void *record_of(struct run *r, const struct work *w)
{
	return arena_alloc(r->work.arena, kind_rules(w->kind)->size);
}

/* Whether it is what this plan has made.  Its address is claimed, and a user's
 * mailbox has a name that was drawn for him. */
static bool is_made(const struct work *w, const void *there)
{
	return kind_rules(w->kind)->same(there, w->after);
}

bool step_make(struct run *r, const struct step *s, bool *more, struct err *e)
{
	const struct work *w = work_of(r);
	struct claims own;
	const struct gateway g = claims_own(&own, r->g, &r->plan->names);
	void *record = record_of(r, w);
	struct revision rev;

	(void)more;
	if (r->again && look(r, w, s->key, record, &rev, e) &&
	    is_made(w, record))
		return true;
	if (e->kind != ERR_NONE)
		return refuse(r, e);
	memcpy(record, w->after, kind_rules(w->kind)->size);
	return provision_create(&g, &r->work, w->kind, record, &rev, e) ||
	       refuse(r, e);
}

/* Somebody else has changed it since: it stays as he wants it. */
static bool leave_it(struct run *r, const char *key)
{
	struct failure *f = &r->plan->failure;

	f->left = f->left == NULL
			  ? key
			  : arena_join(r->t.arena, f->left, ", ", key, NULL);
	return true;
}

bool undo_make(struct run *r, const struct step *s, struct err *e)
{
	const struct work *w = work_before(r);
	struct store *st = r->g->store;
	void *there = record_of(r, w);
	struct revision seen;

	if (!look(r, w, s->key, there, &seen, e))
		return e->kind == ERR_NONE;
	if (w->kind == KIND_USER && !is_made(w, there))
		return true; /* another one */
	if (!work_same(w->kind, there, w->after))
		return leave_it(r, s->key);
	const char *mark = tally_seen(r->g, &r->work, w->kind, s->key);
	if (st->ops->remove(st, &r->work, w->kind, s->key, &seen, e)) {
		tally_removed(r->g, &r->work, w->kind, there, mark);
		return true;
	}
	if (e->kind == ERR_NOT_FOUND)
		return true;
	if (text_equal(e->code, "not_empty"))
		return leave_it(r, s->key);
	return provision_overtaken(e)
		       ? err_set(e, ERR_LIMIT, "%s is changed by others",
				 s->key)
		       : false;
}

/* How its members are: as they were, as they shall be, or neither. */
static bool compare(const struct work *w, const void *there, bool *done)
{
	*done = true;
	for (size_t i = 0; i < w->field_count; i++) {
		struct field f = w->fields[i];
		bool is = work_same_field(f, there, w->after);

		if (!is && !work_same_field(f, there, w->before))
			return false;
		*done = *done && is;
	}
	return true;
}

/* Provided that it is as we found it. */
static bool write_members(struct run *r, const struct work *w, const char *key,
			  const struct revision *seen, struct err *e)
{
	struct claims own;
	const struct gateway g = claims_own(&own, r->g, &r->plan->names);
	const struct patch p = {w->after, w->fields, w->field_count, false,
				NULL};
	const char *tag = seen->etag;
	const struct text_list only = {&tag, 1};
	struct revision rev;

	if (provision_write(&g, &r->work, w->kind, key, &p, &only,
			    record_of(r, w), &rev, e))
		return true;
	return text_equal(e->code, "precondition_failed")
		       ? err_set(e, ERR_LIMIT, "%s is changed by others", key)
		       : false;
}

bool step_alter(struct run *r, const struct step *s, bool *more, struct err *e)
{
	const struct work *w = work_of(r);
	void *there = record_of(r, w);
	struct revision seen;
	bool done;

	(void)more;
	if (!look(r, w, s->key, there, &seen, e))
		return e->kind == ERR_NONE
			       ? err_code(e, ERR_CONFLICT, "overtaken",
					  "%s is gone meanwhile", s->key)
			       : refuse(r, e);
	if (!compare(w, there, &done))
		return err_code(e, ERR_CONFLICT, "overtaken",
				"%s was changed by somebody else meanwhile",
				s->key);
	if (done && r->again)
		return true;
	if (w->etag != NULL && !text_equal(w->etag, seen.etag))
		return err_code(e, ERR_CHANGED, "precondition_failed",
				"it is not in the state you saw");
	return write_members(r, w, s->key, &seen, e) || refuse(r, e);
}

bool undo_alter(struct run *r, const struct step *s, struct err *e)
{
	const struct work *w = work_before(r);
	struct store *st = r->g->store;
	size_t size = kind_rules(w->kind)->size;
	void *there = record_of(r, w), *then = record_of(r, w);
	struct revision seen, rev;
	bool any = false, left = false;

	if (!look(r, w, s->key, there, &seen, e))
		return e->kind == ERR_NONE && leave_it(r, s->key);
	memcpy(then, there, size);
	for (size_t i = 0; i < w->field_count; i++) {
		const struct patch p = {w->before, &w->fields[i], 1, false,
					NULL};

		if (work_same_field(w->fields[i], there, w->before))
			continue;
		if (work_same_field(w->fields[i], there, w->after)) {
			patch_apply(&p, then);
			any = true;
		} else {
			left = true;
		}
	}
	kind_rules(w->kind)->complete(then, r->work.arena);
	if (w->kind == KIND_DOMAIN &&
	    !domain_checks_hold(r->g, &r->work, there, then, e))
		return false;
	if (any && !st->ops->change(st, &r->work, w->kind, there, then, &seen,
				    &rev, e))
		return provision_overtaken(e)
			       ? err_set(e, ERR_LIMIT,
					 "%s is changed by others", s->key)
			       : false;
	return !left || leave_it(r, s->key);
}

/* What may have come about since the set was judged. */
static bool may_go(struct run *r, const struct step *s, const struct work *w,
		   struct err *e)
{
	struct store *st = r->g->store;
	struct naming n = {0};

	if (w->kind == KIND_DOMAIN)
		return target_unused(r->g, &r->work, s->key, e);
	if (!st->ops->naming(st, &r->work, s->key, 1, &n, e))
		return false;
	if (n.destinations.count > 0)
		return err_code(e, ERR_CONFLICT, "is_destination",
				"mail leads to %s from %s", s->key,
				n.destinations.items[0]);
	return w->kind != KIND_USER || role_gone(r->g, &r->work, s->key, e);
}

/* Into the trash.  Where there is none, or it does not take it, it lies below
 * the plan until all is done. */
static bool keep_aside(struct run *r, const struct step *s,
		       const struct work *w, bool *kept, struct err *e)
{
	struct store *st = r->g->store;
	void *record = arena_alloc(r->work.arena, kind_rules(w->kind)->size);
	const char *until = trash_until(r->g, &r->work);
	struct revision rev;

	*kept = false;
	if (until == NULL)
		return true;
	if (!st->ops->get(st, &r->work, w->kind, s->key, record, &rev, e)) {
		if (e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		return true;
	}
	return !text_equal(kind_id(w->kind, record), s->id) ||
	       trash_put(r->g, &r->work, w->kind, record, NULL, until, kept, e);
}

/* From wherever it was put; what the trash knows of it goes. */
static bool bring_back(struct run *r, const struct step *s,
		       const struct work *w, struct err *e)
{
	struct store *st = r->g->store;
	struct journal *j = r->g->journal;
	const char *places[] = {s->id, r->plan->id};
	bool back = false;

	for (size_t i = 0; i < COUNT(places) && !back; i++) {
		err_clear(e);
		back = st->ops->bring_back(st, &r->work, w->kind, s->key, s->id,
					   places[i], e);
		if (!back && e->kind != ERR_NOT_FOUND)
			return false;
	}
	if (!back)
		return false;
	if (!j->ops->remove(j, &r->work, s->id, e) && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

/* Who made an address in it at that moment shall find it again. */
static bool is_empty(struct run *r, const struct step *s, const struct work *w,
		     struct err *e)
{
	struct journal *j = r->g->journal;
	bool any = false;

	if (w->kind != KIND_DOMAIN)
		return true;
	if (!j->ops->retired_any(j, &r->work, s->id, s->key, &any, e) ||
	    (!any &&
	     !j->ops->retired_any(j, &r->work, r->plan->id, s->key, &any, e)))
		return false;
	if (!any)
		return true;
	return bring_back(r, s, w, e) &&
	       err_code(e, ERR_CONFLICT, "not_empty",
			"%s still has something in it", s->key);
}

bool step_aside(struct run *r, const struct step *s, bool *more, struct err *e)
{
	const struct work *w = work_of(r);
	struct store *st = r->g->store;
	bool there, kept;

	(void)more;
	if (!st->ops->is_there(st, &r->work, w->kind, s->key, s->id, &there, e))
		return false;
	if (!there && !r->again)
		return err_code(e, ERR_CONFLICT, "overtaken",
				"%s is gone meanwhile", s->key);
	if (there && !may_go(r, s, w, e))
		return refuse(r, e);
	const char *mark = tally_seen(r->g, &r->work, w->kind, s->key);
	if (!keep_aside(r, s, w, &kept, e) ||
	    (!kept && !st->ops->retire(st, &r->work, w->kind, s->key, s->id,
				       r->plan->id, e)) ||
	    !is_empty(r, s, w, e))
		return refuse(r, e);
	if (there && w->kind != KIND_DOMAIN)
		tally_removed(r->g, &r->work, w->kind, w->before, mark);
	return true;
}

bool undo_aside(struct run *r, const struct step *s, struct err *e)
{
	return bring_back(r, s, work_before(r), e) ||
	       (e->kind == ERR_NOT_FOUND && leave_it(r, s->key));
}
