#include "core/provision.h"

#include <string.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/doubt.h"
#include "core/keys.h"
#include "core/obstacle.h"
#include "core/password.h"
#include "core/rearrange.h"
#include "core/role.h"
#include "core/sender.h"
#include "core/tally.h"
#include "core/target.h"
#include "core/user.h"
#include "core/verdict.h"
#include "core/web.h"
#include "util/instant.h"
#include "util/log.h"
#include "util/text.h"

/* A ready-made hash becomes what is stored, or a fault. */
static void password_admit(const struct gateway *g, struct user *u,
			   struct arena *a, struct err *e)
{
	const struct field ready = FIELD(struct user, ready);
	struct err bad = {0};

	if (u->ready != NULL && !fault_has(e, ready) &&
	    !g->hasher->ops->admit(g->hasher, a, u->ready, &u->stored.hash,
				   &bad))
		fault_field(e, a, FAULT_FORMAT, ready,
			    arena_strdup(a, bad.text));
}

bool provision_judge(const struct gateway *g, enum kind k, void *record,
		     struct arena *a, struct err *e)
{
	kind_rules(k)->fold(record, a);
	kind_rules(k)->check(record, a, e);
	if (k == KIND_USER)
		password_admit(g, record, a, e);
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
	struct revision rev;

	if (!g->store->ops->get(g->store, t, KIND_DOMAIN, name, ret, &rev, e))
		return e->kind == ERR_NOT_FOUND &&
		       domain_missing(g, t, name, kind_rules(k)->key, e);
	if (text_equal(ret->kind, "alias"))
		return err_code(e, ERR_CONFLICT, "domain_kind",
				"%s is a domain of kind %s", name, ret->kind);
	if (!ret->enabled)
		return err_code(e, ERR_CONFLICT, "domain_disabled",
				"the domain %s is disabled", name);
	return true;
}

/* Where a password is not good enough, say so of the member it came in. */
static bool password_refused(struct arena *a, struct field f, struct err *e)
{
	const char *code = e->code;

	if (e->kind != ERR_INVALID || code == NULL)
		return false;
	fault_field(e, a, FAULT_POLICY, f, arena_strdup(a, e->text));
	e->code = code;
	return false;
}

static bool password_prepare(const struct gateway *g, const struct task *t,
			     struct user *u, struct err *e)
{
	const struct secret s = {u->clear, user_words(u, t->arena)};

	return u->clear == NULL ||
	       g->hasher->ops->hash(g->hasher, t, &s, &u->stored, e) ||
	       password_refused(t->arena,
				(struct field)FIELD(struct user, clear), e);
}

/* What a new user takes over from his domain. */
static void user_inherit(struct user *u, const struct domain *d)
{
	if (u->quota_bytes == NUMBER_NONE)
		u->quota_bytes = d->default_user_quota_bytes;
}

static bool prepare(const struct gateway *g, const struct task *t, enum kind k,
		    void *record, struct domain *domain, struct err *e)
{
	switch (k) {
	case KIND_COUNT:
		return true;
	case KIND_DOMAIN:
		return target_check(g, t, record, e);
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
	       password_prepare(g, t, record, e);
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
	/* The same may have been there for long; a user never is. */
	if (!r->same(there, record) ||
	    (k != KIND_USER && !doubt_is_recent(d, kind_created_at(k, there))))
		return false;
	memcpy(record, there, r->size);
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
	return d.any && is_ours(g, t, k, &d, record, ret, e);
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
	const char *key = kind_key(k, record);
	/* A domain's name is free from the moment the old one is gone. */
	if (k != KIND_DOMAIN && (!provision_unclaimed(g, t, key, e) ||
				 !provision_not_held(g, t, key, e) ||
				 !web_check(g, t, k, record, e)))
		return false;
	if (k == KIND_USER && !role_none(g, t, key, e))
		return false;
	const struct domain *found = k == KIND_DOMAIN ? record : NULL;
	if (found != NULL && found->reserved_to.count > 0)
		return rearrange_found(g, t, record, ret, e) ||
		       refused(g, t, k, key, e);
	if (!tally_new(g, t, k, &domain, record, &held, e))
		return false;
	if (put(g, t, k, record, ret, e))
		return true;
	tally_let_go(g, t, &held, e);
	return refused(g, t, k, key, e);
}

/* It was written, whatever can be seen of its destinations. */
static void tell(const struct gateway *g, const struct task *t, enum kind k,
		 void *record)
{
	struct alias *al = record;
	struct err e = {0};

	if (k != KIND_ALIAS || verdict_of(g, t, al, 1, &e))
		return;
	log_event(LOG_WARNING, "alias-not-judged", "address", al->address,
		  "error", e.text, NULL);
	al->ok = false;
}

bool provision_create(const struct gateway *g, const struct task *t,
		      enum kind k, void *record, struct revision *ret,
		      struct err *e)
{
	if (!create(g, t, k, record, ret, e))
		return false;
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

static size_t field_size(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return sizeof(const char *);
	case FIELD_LIST:
		return sizeof(struct text_list);
	case FIELD_NUMBER:
		return sizeof(int64_t);
	case FIELD_FLAG:
		break;
	}
	return sizeof(bool);
}

void patch_apply(const struct patch *p, void *record)
{
	for (size_t i = 0; i < p->count; i++)
		memcpy(field_at(p->fields[i], record),
		       field_in(p->fields[i], p->record),
		       field_size(p->fields[i].kind));
}

bool provision_matches(const struct text_list *if_match,
		       const struct revision *rev, struct err *e)
{
	if (if_match == NULL)
		return true;
	for (size_t i = 0; i < if_match->count; i++) {
		if (strcmp(if_match->items[i], "*") == 0 ||
		    strcmp(if_match->items[i], rev->etag) == 0)
			return true;
	}
	return err_code(e, ERR_CHANGED, "precondition_failed",
			"it is not in the state you saw");
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

bool patch_touches(const struct patch *p, struct field f)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->fields[i].offset == f.offset)
			return true;
	}
	return false;
}

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
static bool user_prepare(const struct gateway *g, const struct task *t,
			 struct change *c, struct user *u, struct err *e)
{
	if (!quota_reset(g, t, c->patch, u, e))
		return false;
	if (c->stored.hash == NULL && !password_prepare(g, t, u, e))
		return false;
	if (c->stored.hash == NULL)
		c->stored = u->stored;
	u->stored = c->stored;
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
	if (provision_matches(c->if_match, seen, e))
		return true;
	/* Perhaps it was, and somebody has changed it since. */
	return c->doubt.any ? err_code(e, ERR_UNKNOWN, "outcome_unknown",
				       "it is not in the state you saw")
			    : false;
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
	if (c->kind == KIND_DOMAIN && !target_change(g, t, old, ret, e))
		return false;
	if (c->kind == KIND_USER && (!sender_check(g, t, old, ret, e) ||
				     !user_prepare(g, t, c, ret, e)))
		return false;
	r->complete(ret, t->arena);
	c->wanted = g->store->ops->etag(g->store, t, c->kind, ret);
	if (!web_check_change(g, t, c->kind, old, ret, e) ||
	    !tally_change(g, t, c->kind, old, ret, &c->held, e) ||
	    !web_change(g, t, c->kind, old, ret, &seen, rev, e))
		return false;
	/* If an earlier try did it, what that counted is needed. */
	if (c->doubt.any)
		c->held.more = (struct tally){0};
	tally_changed(g, t, c->kind, old, ret, &c->held);
	return true;
}

/* Hashing is dear: not for a user who may not write the result. */
static bool may_hash(const struct task *t, const struct change *c,
		     struct err *e)
{
	const struct field clear = FIELD(struct user, clear),
			   ready = FIELD(struct user, ready);

	if (c->kind != KIND_USER || strcmp(c->key, t->caller->login) != 0 ||
	    (!patch_touches(c->patch, clear) &&
	     !patch_touches(c->patch, ready)))
		return true;
	return err_code(e, ERR_DENIED, "current_password_required",
			"change your own password at its own place, and give "
			"the current one");
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

static bool change_tried(const struct gateway *g, const struct task *t,
			 struct change *c, void *ret, struct revision *rev,
			 struct err *e)
{
	for (int try = 1;; try++) {
		struct err why = {0};

		if (change_once(g, t, c, ret, rev, &why)) {
			err_clear(e); /* of an earlier try */
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

static bool change(const struct gateway *g, const struct task *t, enum kind k,
		   const char *key, const struct patch *patch,
		   const struct text_list *if_match, void *ret,
		   struct revision *rev, struct err *e)
{
	struct change c = {.kind = k,
			   .key = key,
			   .patch = patch,
			   .if_match = if_match,
			   .doubt = doubt_begin()};

	if (!provision_key(t->arena, k, &c.key, e) || !may_hash(t, &c, e))
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
	if (!change(g, t, k, key, patch, if_match, ret, rev, e))
		return false;
	tell(g, t, k, ret);
	return keys_after_change(g, t, k, patch, ret, e);
}

/* What the caller is known by, as far as he is shown it. */
static struct text_list own_words(const struct gateway *g, const struct task *t)
{
	struct user u = {0};
	struct revision rev;
	struct err none = {0};

	if (strchr(t->caller->login, '@') == NULL ||
	    !g->store->ops->get(g->store, t, KIND_USER, t->caller->login, &u,
				&rev, &none))
		u = (struct user){.address = t->caller->login};
	return user_words(&u, t->arena);
}

/* Whoever has found an open session must not be able to take the account. */
static bool own_password(const struct gateway *g, const struct task *t,
			 const struct new_password *n, struct err *e)
{
	const struct credential current = {.proof = PROOF_PASSWORD,
					   .name = t->caller->login,
					   .secret = n->current,
					   .source = t->source};
	const struct caller *proven;
	struct stored_password stored;

	if (n->current == NULL)
		return err_code(e, ERR_DENIED, "current_password_required",
				"give your current password, too");
	if (!g->login->ops->verify(g->login, t, &current, true, &proven, e)) {
		if (e->kind == ERR_UNAUTHENTICATED)
			err_code(e, ERR_DENIED, "current_password_wrong",
				 "your current password is another");
		return false;
	}
	struct doubt d = doubt_begin();
	unsigned tries = 0;
	const struct secret s = {n->clear, own_words(g, t)};
	if (!g->hasher->ops->hash(g->hasher, t, &s, &stored, e))
		return password_refused(t->arena,
					(struct field)FIELD(struct new_password,
							    clear),
					e);
	do {
		err_clear(e);
		if (g->store->ops->set_own_password(g->store, t, &stored, e))
			return true;
	} while (doubt_again(&d, g, t, e) ||
		 (provision_overtaken(e) && ++tries < PROVISION_TRIES));
	return provision_overtaken(e) &&
	       provision_given_up(e, "change", t->caller->login);
}

bool provision_password(const struct gateway *g, const struct task *t,
			const char *address, const struct new_password *n,
			struct err *e)
{
	struct user wanted = {.clear = n->clear}, now;
	const struct field fields[] = {FIELD(struct user, clear)};
	const struct patch patch = {&wanted, fields, COUNT(fields), false};
	struct revision rev;

	if (!password_check(n->clear, e)) {
		fault_field(e, t->arena, FAULT_FORMAT,
			    (struct field)FIELD(struct new_password, clear),
			    arena_strdup(t->arena, e->text));
		return false;
	}
	address = text_lower(t->arena, address);
	if (strcmp(address, t->caller->login) == 0)
		return own_password(g, t, n, e) &&
		       (n->keys != KEYS_REVOKE ||
			keys_revoke_all(g, t, address, e));
	if (change(g, t, KIND_USER, address, &patch, NULL, &now, &rev, e))
		return n->keys == KEYS_KEEP ||
		       keys_revoke_all(g, t, address, e);
	/* What is wrong with it there is wrong with it here. */
	for (struct fault *f = e->faults; f != NULL; f = f->next) {
		if (f->field.offset == fields[0].offset)
			f->field =
				(struct field)FIELD(struct new_password, clear);
	}
	return false;
}
