#include "core/provision.h"

#include <string.h>

#include "core/address.h"
#include "core/administrators.h"
#include "core/again.h"
#include "core/ahead.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/domain_checks.h"
#include "core/doubt.h"
#include "core/keys.h"
#include "core/new_password.h"
#include "core/obstacle.h"
#include "core/rearrange.h"
#include "core/role.h"
#include "core/sender.h"
#include "core/sponsor.h"
#include "core/tally.h"
#include "core/target.h"
#include "core/user.h"
#include "core/verdict.h"
#include "core/web.h"
#include "util/instant.h"
#include "util/log.h"
#include "util/text.h"

bool provision_judge(const struct gateway *g, enum kind k, void *record,
		     struct arena *a, struct err *e)
{
	kind_rules(k)->fold(record, a);
	kind_rules(k)->check(record, a, e);
	new_password_admit(g, k, record, a, e);
	return e->faults == NULL;
}

/* Who may not see the domain learns nothing about it, not even that there is
 * none; who may see all of them is told. */
static bool domain_missing(const struct gateway *g, const struct task *t,
			   const char *name, struct field address,
			   struct err *e)
{
	bool all = false;

	err_clear(e);
	if (!g->store->ops->is_super_administrator(g->store, t, &all, e))
		return false;
	if (!all)
		return err_set(e, ERR_DENIED,
			       "you may not create addresses in %s", name);
	fault_field(e, t->arena, FAULT_REFERENCE, address,
		    arena_printf(t->arena, "there is no domain %s here", name));
	return false;
}

/* The domain of a new address: ours, of a kind that has users, and open? */
static bool domain_accepts(const struct gateway *g, const struct task *t,
			   enum kind k, const char *address, struct domain *ret,
			   struct err *e)
{
	const char *name = address_domain(address);

	if (!ahead_domain(g, t, name, ret, e))
		return e->kind == ERR_NOT_FOUND &&
		       domain_missing(g, t, name, kind_rules(k)->key, e);
	if (text_equal(ret->kind, "alias"))
		return err_code(e, ERR_CONFLICT, "domain_kind",
				"%s is a domain of kind %s", name, ret->kind);
	if (!ret->enabled && !t->bulk)
		return err_code(e, ERR_CONFLICT, "domain_disabled",
				"the domain %s is disabled", name);
	return true;
}

/* What a new user takes over from his domain. */
static void user_inherit(struct user *u, const struct domain *d)
{
	if (u->quota_bytes == NUMBER_NONE)
		u->quota_bytes = d->default_user_quota_bytes;
}

/* Hashing is dear, and whether a login is taken is not for everybody. */
static bool may_make(const struct gateway *g, const struct task *t,
		     const char *login, struct err *e)
{
	bool may = false;

	return sponsor_gives(g, t, &may, e) &&
	       (may || err_set(e, ERR_DENIED, "you may not create %s", login));
}

static bool prepare(const struct gateway *g, const struct task *t, enum kind k,
		    void *record, struct domain *domain, struct err *e)
{
	switch (k) {
	case KIND_COUNT:
		return true;
	case KIND_DOMAIN:
		return target_check(g, t, record, e);
	case KIND_PRINCIPAL:
		return may_make(g, t, kind_key(k, record), e) &&
		       new_password_hash(g, t, k, record, e);
	case KIND_ALIAS:
		return domain_accepts(g, t, k, kind_key(k, record), domain, e);
	case KIND_USER:
		break;
	}
	if (!domain_accepts(g, t, k, kind_key(k, record), domain, e))
		return false;
	user_inherit(record, domain);
	return tally_check_quota(domain, record, t->arena, e) &&
	       sender_check(g, t, NULL, record, e) &&
	       new_password_hash(g, t, k, record, e);
}

/* The store's refusal in words that are the same for whatever is there. */
bool provision_denied(struct err *e, const char *verb, const char *key)
{
	if (e->kind == ERR_DENIED && e->code == NULL)
		err_set(e, ERR_DENIED, "you may not %s %s", verb, key);
	return false;
}

/* Which of two users of the same address it is, is told by that alone. */
static bool see_mailbox(const struct gateway *g, const struct task *t,
			struct user *there, struct err *e)
{
	struct err why = {0};

	if (there->mailbox_id != NULL ||
	    g->store->ops->mailbox(g->store, t, there->address,
				   &there->mailbox_id, &why))
		return true;
	*e = why;
	return false;
}

/* The same may have been there for long; a user never is. */
static bool looks_like_ours(enum kind k, const struct doubt *d,
			    const void *there, const void *record)
{
	return kind_rules(k)->same(there, record) &&
	       (k == KIND_USER ||
		doubt_is_recent(d, kind_created_at(k, there)));
}

/* Whether what is there is what we sent, when the answer to that was lost.  If
 * it is not there, that is told in e. */
static bool is_ours(const struct gateway *g, const struct task *t, enum kind k,
		    const struct doubt *d, void *record, struct revision *ret,
		    struct err *e)
{
	const struct kind_rules *r = kind_rules(k);
	void *there = arena_alloc(t->arena, r->size);
	struct err none = {0};

	if (!g->store->ops->get(g->store, t, k, kind_key(k, record), there, ret,
				&none)) {
		if (none.kind == ERR_NOT_FOUND)
			doubt_disproved(d, e);
		return false;
	}
	if (k == KIND_USER && !see_mailbox(g, t, there, e))
		return false;
	if (t->origin != NULL ? !again_is_own(g, t, k, kind_key(k, record), e)
			      : !looks_like_ours(k, d, there, record))
		return false;
	again_replace(k, record, there);
	err_clear(e);
	return true;
}

bool provision_unclaimed(const struct gateway *g, const struct task *t,
			 const char *key, struct err *e)
{
	bool claimed = false;

	if (!g->journal->ops->is_claimed(g->journal, t, key, &claimed, e))
		return false;
	return !claimed || err_code(e, ERR_CONFLICT, "under_way",
				    "%s is just being renamed or removed", key);
}

bool provision_not_held(const struct gateway *g, const struct task *t,
			const char *address, struct err *e)
{
	const char *until;

	if (g->hold_days == 0)
		return true;
	if (!g->store->ops->held(g->store, t, address, &until, e))
		return false;
	if (until == NULL || instant_is_past(until))
		return true;
	/* Who could not make it anyway is not told. */
	return g->store->ops->may_create(g->store, t, address_domain(address),
					 e) &&
	       err_code(e, ERR_CONFLICT, "held",
			"%s was somebody's, and is held until %s", address,
			until);
}

static bool refused(const struct gateway *g, const struct task *t, enum kind k,
		    const char *key, struct err *e)
{
	/* Its domain went while we looked at the rest. */
	if (e->kind == ERR_NOT_FOUND && kind_is_address(k))
		return domain_missing(g, t, address_domain(key),
				      kind_rules(k)->key, e);
	return e->kind == ERR_EXISTS ? obstacle_taken(g, t, k, key, e)
				     : provision_denied(e, "create", key);
}

/* Add what is ready to be. */
static bool put(const struct gateway *g, const struct task *t, enum kind k,
		void *record, struct revision *ret, struct err *e)
{
	struct doubt d = doubt_begin();

	do {
		err_clear(e);
		if (web_add(g, t, k, record, ret, e))
			return true;
	} while (!web_is_final(e) && doubt_again(&d, g, t, e));
	/* What this request adds may have been added by another gateway. */
	return (d.any || (t->origin != NULL && e->kind == ERR_EXISTS)) &&
	       is_ours(g, t, k, &d, record, ret, e);
}

/* Out of somebody's budgets, while nobody else takes from them. */
static bool put_sponsored(const struct gateway *g, const struct task *t,
			  enum kind k, void *record, struct revision *ret,
			  struct err *e)
{
	const struct domain *found = k == KIND_DOMAIN ? record : NULL;

	if (found != NULL && found->reserved_to.count > 0)
		return rearrange_found(g, t, record, ret, e);
	return put(g, t, k, record, ret, e) &&
	       administrators_new(g, t, k, record, e);
}

static bool create_sponsored(const struct gateway *g, const struct task *t,
			     enum kind k, void *record, struct revision *ret,
			     struct err *e)
{
	struct exclusive budget = {0}, none = {0};
	bool done =
		administrators_check(g, t, k, NULL, record, &none, e) &&
		sponsor_new(g, t, k, record, &budget, e) &&
		put_sponsored(g, exclusive_task(&budget, t), k, record, ret, e);

	exclusive_end(g, &budget, e);
	return done;
}

/* Another name is free from the moment the old one is gone. */
static bool is_free(const struct gateway *g, const struct task *t, enum kind k,
		    const char *key, struct err *e)
{
	if (kind_is_address(k) && (!provision_unclaimed(g, t, key, e) ||
				   !provision_not_held(g, t, key, e)))
		return false;
	return (k != KIND_USER && k != KIND_PRINCIPAL) ||
	       role_none(g, t, k, key, e);
}

static bool create(const struct gateway *g, const struct task *t, enum kind k,
		   void *record, struct revision *ret, struct err *e)
{
	struct tally_hold held;
	struct domain domain;

	if (!provision_judge(g, k, record, t->arena, e) ||
	    !prepare(g, t, k, record, &domain, e))
		return false;
	kind_rules(k)->complete(record, t->arena);
	if (k == KIND_DOMAIN && !domain_checks_hold(g, t, NULL, record, e))
		return false;
	const char *key = kind_key(k, record);
	if (!ahead_is_free(t, key) && !is_free(g, t, k, key, e))
		return false;
	if (kind_is_address(k) && !web_check(g, t, k, record, e))
		return false;
	if (k == KIND_DOMAIN || k == KIND_PRINCIPAL)
		return create_sponsored(g, t, k, record, ret, e) ||
		       refused(g, t, k, key, e);
	if (!tally_new(g, t, k, &domain, record, &held, e))
		return false;
	if (put(g, t, k, record, ret, e))
		return true;
	tally_let_go(g, t, &held, e);
	return refused(g, t, k, key, e);
}

/* Of a rehearsal: what it is now, and what it was before. */
static void tell_rehearsed(const struct gateway *g, const struct task *t,
			   const struct alias *al)
{
	struct rehearsal *r = t->rehearsal;
	struct alias *before;
	struct err e = {0};

	if (r == NULL)
		return;
	rehearsal_show(t, r->before, al, sizeof(*al));
	if (r->before == NULL)
		return;
	before = arena_copy(t->arena, r->before, sizeof(*before));
	verdict_of(g, t, before, 1, &e);
	r->before = before;
}

/* It was written, whatever can be seen of its destinations. */
static void tell(const struct gateway *g, const struct task *t, enum kind k,
		 void *record)
{
	struct alias *al = record;
	struct err e = {0};

	if (k != KIND_ALIAS)
		return;
	if (!verdict_of(g, t, al, 1, &e)) {
		log_event(LOG_WARNING, "alias-not-judged", "address",
			  al->address, "error", e.text, NULL);
		al->ok = false;
	}
	tell_rehearsed(g, t, al);
}

bool provision_create(const struct gateway *g, const struct task *t,
		      enum kind k, void *record, struct revision *ret,
		      struct err *e)
{
	bool done;

	if (!again_made(g, t, k, record, ret, &done, e) ||
	    (!done && !create(g, t, k, record, ret, e)))
		return false;
	if (!t->unread)
		tell(g, t, k, record);
	return true;
}

/* In the form it is stored in.  What could not be a key is never asked for:
 * the directory's own matching would take many spellings for the same. */
bool provision_key(struct arena *a, enum kind k, const char **key,
		   struct err *e)
{
	struct err bad = {0};

	*key = text_lower(a, *key);
	return kind_rules(k)->check_key(*key, &bad) ||
	       err_set(e, ERR_NOT_FOUND, "there is no such %s",
		       kind_rules(k)->noun);
}

bool provision_read(const struct gateway *g, const struct task *t, enum kind k,
		    const char *key, void *ret, struct revision *rev,
		    struct err *e)
{
	return provision_key(t->arena, k, &key, e) &&
	       g->store->ops->get(g->store, t, k, key, ret, rev, e) &&
	       (k != KIND_ALIAS || verdict_of(g, t, ret, 1, e));
}

/* Whether somebody else wrote between our reading and our writing.  If the etag
 * still matches then, his change was one that does not concern the client. */
bool provision_overtaken(const struct err *e)
{
	return e->kind == ERR_CHANGED && e->code == NULL;
}

/* What became of a change that was tried often enough. */
bool provision_given_up(struct err *e, const char *verb, const char *key)
{
	if (provision_overtaken(e))
		return err_code(e, ERR_LIMIT, "contended",
				"%s is changed by too many at once", key);
	return provision_denied(e, verb, key);
}

static bool same_key(enum kind k, const char *key, const void *record,
		     struct arena *a, struct err *e)
{
	if (!text_equal(kind_key(k, record), key))
		fault_field(e, a, FAULT_READ_ONLY, kind_rules(k)->key,
			    "it cannot be renamed");
	return e->faults == NULL;
}

struct change {
	enum kind kind;
	const char *key;
	const struct patch *patch;
	const struct text_list *if_match;
	struct stored_password stored; /* of the new one, once it is made */
	struct doubt doubt;
	struct tally_hold held; /* counted for it, by whichever try */
	const char *wanted; /* the etag that an earlier try would have led to */
};

/* Clearing a quota means the domain's default, as on creation. */
static bool quota_reset(const struct gateway *g, const struct task *t,
			const struct patch *p, struct user *u, struct err *e)
{
	const struct field quota = FIELD(struct user, quota_bytes);
	struct domain domain;
	struct revision rev;

	if (u->quota_bytes != NUMBER_NONE || !patch_touches(p, quota))
		return true;
	if (!g->store->ops->get(g->store, t, KIND_DOMAIN,
				address_domain(u->address), &domain, &rev, e))
		/* Who may change him may see his domain. */
		return e->kind == ERR_NOT_FOUND
			       ? err_set(e, ERR_DENIED, "you may not change %s",
					 u->address)
			       : false;
	user_inherit(u, &domain);
	return true;
}

/* Hashing takes long and is done once, however often we try. */
static bool prepare_password(const struct gateway *g, const struct task *t,
			     struct change *c, void *record, struct err *e)
{
	struct passwords p;

	if (!kind_passwords(c->kind, record, &p))
		return true;
	if (c->stored.hash == NULL &&
	    !new_password_hash(g, t, c->kind, record, e))
		return false;
	if (c->stored.hash == NULL)
		c->stored = *p.stored;
	*p.stored = c->stored;
	return true;
}

/* A record that was written by others may break rules of ours; who changes
 * something else in it is not to blame. */
static bool judge_change(const struct gateway *g, const struct change *c,
			 void *record, struct arena *a, struct err *e)
{
	struct err all = {0};

	if (provision_judge(g, c->kind, record, a, &all))
		return true;
	for (const struct fault *f = all.faults; f != NULL; f = f->next) {
		if (patch_touches(c->patch, f->field))
			fault_field(e, a, f->kind, f->field, f->text);
	}
	return e->faults == NULL;
}

/* What the client asked for.  Or it is there already: our own work, of which
 * we did not hear. */
static bool is_as_seen(const struct change *c, const struct revision *seen,
		       struct err *e)
{
	if (c->doubt.any && text_equal(seen->etag, c->wanted))
		return true;
	if (provision_matches(c->if_match, seen, e) &&
	    patch_is_fresh(c->patch, seen, e))
		return true;
	/* Perhaps it was, and somebody has changed it since. */
	return c->doubt.any ? err_code(e, ERR_UNKNOWN, "outcome_unknown",
				       "it is not in the state you saw")
			    : false;
}

/* Write it, while nobody else takes from the same budgets or away the last
 * super administrator but this. */
static bool write_guarded(const struct gateway *g, const struct task *t,
			  enum kind k, const void *old, void *record,
			  const struct revision *seen, struct revision *rev,
			  struct err *e)
{
	struct exclusive budget = {0}, roles = {0};
	bool done = false;

	if (sponsor_change(g, t, k, old, record, &budget, e) &&
	    administrators_check(g, exclusive_task(&budget, t), k, old, record,
				 &roles, e)) {
		t = exclusive_task(&roles, exclusive_task(&budget, t));
		done = administrators_lower(g, t, k, old, record, e) &&
		       web_change(g, t, k, old, record, seen, rev, e) &&
		       administrators_raise(g, t, k, old, record, e);
	}
	exclusive_end(g, &roles, e);
	exclusive_end(g, &budget, e);
	/* What was written besides counts, too. */
	if (done && k == KIND_PRINCIPAL)
		rev->etag = g->store->ops->etag(g->store, t, k, record);
	return done;
}

/* One try: read, compare, patch, check, write what differs. */
static bool change_once(const struct gateway *g, const struct task *t,
			struct change *c, void *ret, struct revision *rev,
			struct err *e)
{
	const struct kind_rules *r = kind_rules(c->kind);
	void *old = arena_alloc(t->arena, r->size);
	struct revision seen;

	if (!g->store->ops->get(g->store, t, c->kind, c->key, old, &seen, e) ||
	    !is_as_seen(c, &seen, e))
		return false;
	memcpy(ret, old, r->size);
	patch_apply(c->patch, ret);
	if (!judge_change(g, c, ret, t->arena, e) ||
	    !same_key(c->kind, c->key, ret, t->arena, e))
		return false;
	if (c->kind == KIND_DOMAIN &&
	    (!target_rests(g, t, old, e) || !target_change(g, t, old, ret, e)))
		return false;
	if (c->kind == KIND_USER && (!sender_check(g, t, old, ret, e) ||
				     !quota_reset(g, t, c->patch, ret, e)))
		return false;
	if (!prepare_password(g, t, c, ret, e))
		return false;
	r->complete(ret, t->arena);
	if (c->kind == KIND_DOMAIN && !domain_checks_hold(g, t, old, ret, e))
		return false;
	c->wanted = g->store->ops->etag(g->store, t, c->kind, ret);
	if (!web_check_change(g, t, c->kind, old, ret, e) ||
	    !tally_change(g, t, c->kind, old, ret, &c->held, e) ||
	    !write_guarded(g, t, c->kind, old, ret, &seen, rev, e))
		return false;
	/* If an earlier try did it, what that counted is needed. */
	if (c->doubt.any)
		c->held.more = (struct tally){0};
	tally_changed(g, t, c->kind, old, ret, &c->held);
	return true;
}

/* After the last try: whether one of them was done after all. */
static bool was_changed(const struct gateway *g, const struct task *t,
			const struct change *c, void *ret, struct revision *rev,
			struct err *e)
{
	struct err none = {0};

	if (!c->doubt.any ||
	    !g->store->ops->get(g->store, t, c->kind, c->key, ret, rev, &none))
		return false;
	if (text_equal(rev->etag, c->wanted) && c->stored.hash == NULL) {
		err_clear(e);
		return true;
	}
	/* Nobody can see what password there is. */
	if (c->stored.hash == NULL)
		doubt_disproved(&c->doubt, e);
	return false;
}

/* Who has been given another password does not wait because of what was tried
 * with the old one. */
static void forgive(const struct gateway *g, const struct task *t,
		    const struct change *c)
{
	if (c->stored.hash != NULL && g->login->ops->forgive != NULL &&
	    !rehearsal_is(t))
		g->login->ops->forgive(g->login, t, c->key);
}

static bool change_tried(const struct gateway *g, const struct task *t,
			 struct change *c, void *ret, struct revision *rev,
			 struct err *e)
{
	for (int try = 1;; try++) {
		struct err why = {0};

		if (change_once(g, t, c, ret, rev, &why)) {
			err_clear(e); /* of an earlier try */
			forgive(g, t, c);
			return true;
		}
		*e = why;
		if (web_is_final(&why))
			return false;
		if (!provision_overtaken(&why) &&
		    !doubt_again(&c->doubt, g, t, e))
			return was_changed(g, t, c, ret, rev, e) ||
			       provision_denied(e, "change", c->key);
		if (try == PROVISION_TRIES)
			return provision_given_up(e, "change", c->key);
	}
}

bool provision_write(const struct gateway *g, const struct task *t, enum kind k,
		     const char *key, const struct patch *patch,
		     const struct text_list *if_match, void *ret,
		     struct revision *rev, struct err *e)
{
	struct change c = {.kind = k,
			   .key = key,
			   .patch = patch,
			   .if_match = if_match,
			   .doubt = doubt_begin()};

	if (!provision_key(t->arena, k, &c.key, e) ||
	    !new_password_allowed(t, k, c.key, patch, e))
		return false;
	if (rearrange_renames(k, c.key, patch))
		return rearrange_rename(g, t, k, c.key, patch, if_match, ret,
					rev, e);
	if (change_tried(g, t, &c, ret, rev, e))
		return true;
	/* Not if one of the tries may still be done. */
	if (!c.doubt.any)
		tally_let_go(g, t, &c.held, e);
	return false;
}

bool provision_change(const struct gateway *g, const struct task *t,
		      enum kind k, const char *key, const struct patch *patch,
		      const struct text_list *if_match, void *ret,
		      struct revision *rev, struct err *e)
{
	if (!provision_write(g, t, k, key, patch, if_match, ret, rev, e)) {
		keys_after_doubt(g, t, k, patch, key, e);
		return false;
	}
	tell(g, t, k, ret);
	return keys_after_change(g, t, k, patch, ret, e);
}
