#include "core/trash.h"

#include <string.h>

#include "core/address.h"
#include "core/again.h"
#include "core/plan.h"
#include "core/provision.h"
#include "core/rearrange.h"
#include "core/rehearsal.h"
#include "core/role.h"
#include "core/sender.h"
#include "core/sponsor.h"
#include "core/tally.h"
#include "core/target.h"
#include "core/user.h"
#include "core/web.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	DAY = 86400,
	ID_SIZE = 36,
	MARGIN = 60, /* seconds before the end nothing is begun any more */
	PURGE_AT_ONCE = 64,
	PURGE_INLINE = 256, /* records that a request deletes by itself */
};

const char *trash_place(struct arena *a, const struct trashed *x)
{
	return arena_join(a, x->until, " ", x->id, NULL);
}

enum kind trash_kind(const char *noun)
{
	for (enum kind k = 0; k < KIND_MAIL_COUNT; k++) {
		if (text_equal(kind_rules(k)->noun, noun))
			return k;
	}
	return KIND_COUNT;
}

static const char *in_seconds(struct arena *a, int64_t seconds)
{
	char text[INSTANT_SIZE];

	instant_text(text, clock_seconds() + seconds);
	return arena_strdup(a, text);
}

const char *trash_until(const struct gateway *g, const struct task *t)
{
	return g->trash_days > 0 ? in_seconds(t->arena, g->trash_days * DAY)
				 : NULL;
}

/* By older rules of the directory, or an older schema.  Of anything else that
 * goes wrong nobody shall lose what he might want back. */
static bool is_refusal(const struct err *e)
{
	return e->kind == ERR_DENIED || e->kind == ERR_INVALID ||
	       e->kind == ERR_NOT_FOUND;
}

static struct trashed describe(const struct task *t, enum kind k,
			       const void *record, const char *until)
{
	const char *key = kind_key(k, record);
	const struct domain *d = record;

	return (struct trashed){.id = kind_id(k, record),
				.kind = kind_rules(k)->noun,
				.key = key,
				.domain = k == KIND_DOMAIN
						  ? key
						  : address_domain(key),
				.by = t->caller->login,
				.until = until,
				.sponsor_identity =
					k == KIND_DOMAIN ? d->sponsor_identity
							 : NULL};
}

bool trash_put(const struct gateway *g, const struct task *t, enum kind k,
	       void *record, const struct revision *seen, const char *until,
	       bool *kept, struct err *e)
{
	*kept = false;
	/* That it may be deleted is what a rehearsal asks. */
	if (until == NULL || k >= KIND_MAIL_COUNT || rehearsal_is(t))
		return true;
	struct trashed x = describe(t, k, record, until);
	*kept = g->store->ops->discard(g->store, t, &x, seen, e);
	if (!*kept && !is_refusal(e))
		return false;
	if (*kept && x.record != NULL)
		memcpy(record, x.record, kind_rules(k)->size);
	err_clear(e);
	return true;
}

bool trash_remove(const struct gateway *g, const struct task *t, enum kind k,
		  void *record, const struct revision *seen, const char *until,
		  struct err *e)
{
	bool kept;

	return trash_put(g, t, k, record, seen, until, &kept, e) &&
	       (kept || g->store->ops->remove(g->store, t, k,
					      kind_key(k, record), seen, e));
}

bool trash_list(const struct gateway *g, const struct task *t,
		struct trash_query *q, struct trash_page *ret, struct err *e)
{
	q->now = in_seconds(t->arena, 0);
	return g->store->ops->trash(g->store, t, q, ret, e);
}

static bool gone(struct err *e, const char *id)
{
	return err_set(e, ERR_NOT_FOUND, "the trash has no %s", id);
}

/* What could not be the name of one, an entryUUID, is not asked for. */
static bool is_id(const char *id)
{
	return strlen(id) == ID_SIZE &&
	       strspn(id, "0123456789abcdef-") == ID_SIZE;
}

/* What the caller sees of it, as long as it is kept. */
static bool find(const struct gateway *g, const struct task *t, const char *id,
		 int64_t margin, struct trashed *ret, struct err *e)
{
	if (!is_id(id))
		return gone(e, id);
	if (!g->store->ops->trashed(g->store, t, id, ret, e))
		return e->kind == ERR_NOT_FOUND ? gone(e, id) : false;
	return strcmp(ret->until, in_seconds(t->arena, margin)) > 0 ||
	       gone(e, id);
}

bool trash_read(const struct gateway *g, const struct task *t, const char *id,
		struct trashed *ret, struct err *e)
{
	return find(g, t, id, 0, ret, e) &&
	       (g->store->ops->trashed_record(g->store, t, ret, e) ||
		(e->kind == ERR_NOT_FOUND && gone(e, id)));
}

/* The domain it was in, and no other of that name. */
static bool same_domain(const struct gateway *g, const struct task *t,
			const struct trashed *x, struct domain *ret,
			struct err *e)
{
	struct revision rev;

	if (!g->store->ops->get(g->store, t, KIND_DOMAIN, x->domain, ret, &rev,
				e)) {
		if (e->kind != ERR_NOT_FOUND)
			return false;
		return err_code(e, ERR_CONFLICT, "no_domain",
				"the domain %s is not there", x->domain);
	}
	if (!text_equal(ret->id, x->domain_id))
		return err_code(e, ERR_CONFLICT, "no_domain",
				"there is another domain %s now", x->domain);
	return !text_equal(ret->kind, "alias") ||
	       err_code(e, ERR_CONFLICT, "domain_kind",
			"%s is a domain of kind alias now", x->domain);
}

/* There is no field that a client could put right. */
static bool as_conflict(struct err *e)
{
	if (e->kind != ERR_INVALID || e->faults == NULL)
		return false;
	const char *text = e->faults->text;

	err_clear(e);
	return err_code(e, ERR_CONFLICT, "not_admitted", "%s", text);
}

static bool bring_back(const struct gateway *g, const struct task *t,
		       const struct trashed *x, struct err *e)
{
	const struct step steps[] = {{STEP_RESTORE, x->kind, x->key, NULL,
				      x->id},
				     {STEP_FORGET, x->kind, x->key, NULL,
				      x->id}};
	const char *names[] = {x->key};
	struct plan plan = {.id = again_plan_id(t),
			    .job = t->origin != NULL ? TRASH_JOB : NULL,
			    .names = {names, COUNT(names)},
			    .steps = steps,
			    .count = COUNT(steps)};

	return plan_run(g, t, &plan, e);
}

static bool address_fits(const struct gateway *g, const struct task *t,
			 enum kind k, const struct trashed *x,
			 const struct domain *d, struct err *e)
{
	/* Held it is for who had it. */
	return g->store->ops->may_create(g->store, t, x->domain, e) &&
	       rearrange_is_free(g, t, x->key, e) &&
	       web_check(g, t, k, x->record, e) &&
	       (k != KIND_USER ||
		(role_none(g, t, k, x->key, e) &&
		 sender_check(g, t, NULL, x->record, e) &&
		 tally_check_quota(d, x->record, t->arena, e)));
}

static bool restore_address(const struct gateway *g, const struct task *t,
			    enum kind k, const struct trashed *x, struct err *e)
{
	struct tally_hold held;
	struct domain d;

	if (!same_domain(g, t, x, &d, e) || !address_fits(g, t, k, x, &d, e) ||
	    !tally_new(g, t, k, &d, x->record, &held, e))
		return false;
	if (bring_back(g, t, x, e))
		return true;
	tally_let_go(g, t, &held, e);
	return false;
}

static bool name_is_free(const struct gateway *g, const struct task *t,
			 const char *name, struct err *e)
{
	bool there;

	if (!g->store->ops->is_there(g->store, t, KIND_DOMAIN, name, NULL,
				     &there, e))
		return false;
	if (!there)
		return true;
	err_set(e, ERR_EXISTS, "%s exists already (domain)", name);
	e->conflicts_with =
		arena_join(t->arena, kind_rules(KIND_DOMAIN)->path, name, NULL);
	return false;
}

/* Out of its sponsor's budgets, while nobody else takes from them. */
static bool restore_domain(const struct gateway *g, const struct task *t,
			   const struct trashed *x, struct err *e)
{
	const struct domain *d = x->record;
	struct domain like = *d;
	struct exclusive budget = {0};
	bool done = false;

	if (!name_is_free(g, t, x->key, e) ||
	    !g->store->ops->may_create(g->store, t, NULL, e) ||
	    !target_check(g, t, &like, e))
		return false;
	if (sponsor_new(g, t, KIND_DOMAIN, &like, &budget, e))
		done = bring_back(g, exclusive_task(&budget, t), x, e);
	exclusive_end(g, &budget, e);
	return done;
}

/* By an earlier try of the same request: as it is now. */
static bool was_restored(const struct gateway *g, const struct task *t,
			 const struct plan *p, struct trashed *ret,
			 struct err *e)
{
	const struct step *s = &p->steps[0];
	enum kind k = trash_kind(s->kind);
	struct revision rev;

	*ret = (struct trashed){.id = s->id, .kind = s->kind, .key = s->key};
	ret->record = arena_alloc(t->arena, kind_rules(k)->size);
	return g->store->ops->get(g->store, t, k, s->key, ret->record, &rev,
				  e) ||
	       (e->kind == ERR_NOT_FOUND &&
		err_code(e, ERR_CONFLICT, "done_before",
			 "%s was restored by this request, and is no longer "
			 "there or not for you to see",
			 s->key));
}

bool trash_restore(const struct gateway *g, const struct task *t,
		   const char *id, struct trashed *ret, struct err *e)
{
	struct plan before;
	bool known, restored = false;

	if (!again_find_plan(g, t, &before, &known, e) ||
	    (known && !again_judge_plan(g, t, &before, &restored, e)))
		return false;
	if (restored)
		return was_restored(g, t, &before, ret, e);
	if (!find(g, t, id, MARGIN, ret, e))
		return false;
	enum kind k = trash_kind(ret->kind);
	/* Others may have got the logins of those who had roles. */
	if ((k == KIND_DOMAIN &&
	     !g->store->ops->sift_roles(g->store, t, ret, e)) ||
	    !g->store->ops->trashed_record(g->store, t, ret, e))
		return e->kind == ERR_NOT_FOUND ? gone(e, id) : false;
	if (!provision_unclaimed(g, t, ret->key, e))
		return false;
	bool done = k == KIND_DOMAIN ? restore_domain(g, t, ret, e)
				     : restore_address(g, t, k, ret, e);
	return done || as_conflict(e) ||
	       provision_denied(e, "restore", ret->key);
}

/* Some of what is below it; and when nothing is, the entry itself. */
static bool empty(const struct gateway *g, const struct task *t, const char *id,
		  bool *more, struct err *e)
{
	struct journal *j = g->journal;

	return j->ops->purge(j, t, id, PURGE_AT_ONCE, more, e) &&
	       (*more || j->ops->remove(j, t, id, e));
}

bool trash_purge(const struct gateway *g, const struct task *t, const char *id,
		 struct err *e)
{
	struct err later = {0};
	struct trashed x;
	bool more;

	/* From now on it can be restored no more, whoever clears it away. */
	if (!find(g, t, id, 0, &x, e) || !provision_unclaimed(g, t, x.key, e) ||
	    !g->store->ops->keep_until(g->store, t, id, in_seconds(t->arena, 0),
				       e))
		return e->kind == ERR_NOT_FOUND ? gone(e, id) : false;
	more = !rehearsal_is(t);
	for (int i = 0; more && i < PURGE_INLINE / PURGE_AT_ONCE; i++) {
		if (!empty(g, t, id, &more, &later))
			break; /* the steward's */
	}
	return true;
}

bool trash_clear(const struct gateway *g, const struct task *t, const char *now,
		 bool *more, struct err *e)
{
	struct text_list ids;

	if (!g->store->ops->overdue(g->store, t, now, &ids, more, e))
		return false;
	for (size_t i = 0; i < ids.count; i++) {
		bool left = true;

		while (left && clock_now() < t->deadline) {
			if (!empty(g, t, ids.items[i], &left, e))
				return false;
		}
		*more = *more || left;
	}
	return true;
}
