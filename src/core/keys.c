#include "core/keys.h"

#include <string.h>

#include "core/again.h"
#include "core/scope.h"
#include "core/user.h"
#include "util/random.h"
#include "util/text.h"

enum {
	LABEL_WORD = 12
}; /* characters that tell one standing key from another */

/* The words are the same for what is not there and what must not be seen. */
static bool unknown(struct err *e)
{
	/* What was asked for may be the whole text of a key. */
	return err_set(e, ERR_NOT_FOUND, "there is no such key");
}

/* Whose keys are in reach of what the caller came with. */
static bool in_reach(const struct task *t, const char *owner)
{
	const struct scope *s = t->caller->scope;

	return !scope_is_bound(s) || text_equal(owner, t->caller->login) ||
	       (strchr(owner, '@') != NULL && scope_covers(s, owner));
}

/* The key that the caller came with bounds what he makes. */
static bool judge(const struct gateway *g, const struct task *t,
		  const struct text_list *rights, const struct key *k,
		  struct err *e)
{
	struct key own;
	struct revision rev;

	key_judge(k, rights, t->arena, e);
	if (t->caller->scope != NULL) {
		if (t->caller->key == NULL)
			return err_set(e, ERR_DENIED,
				       "only who came with a password or a "
				       "key makes keys");
		if (!g->keyring->ops->get(g->keyring, t, t->caller->key, &own,
					  &rev, e))
			return e->kind == ERR_NOT_FOUND
				       ? err_set(e, ERR_DENIED,
						 "your key is no more")
				       : false;
		key_judge_within(k, &own, t->arena, e);
	}
	return e->faults == NULL;
}

/* Only once there is another: how many there are is not told to who may not
 * make any. */
static bool fits(const struct gateway *g, const struct task *t,
		 const struct key *k, struct err *e)
{
	struct err ignored = {0};
	size_t count;

	if (g->keyring->ops->count(g->keyring, t, k->owner, &count, e)) {
		/* In a rehearsal there is not yet another. */
		if (k->there || count + rehearsal_is(t) <= KEY_OWNER_MAX)
			return true;
		err_code(e, ERR_CONFLICT, "too_many_keys",
			 "an owner has at most %d keys", KEY_OWNER_MAX);
	}
	if (!k->there)
		g->keyring->ops->remove(g->keyring, t, k->id, k->owner, NULL,
					&ignored);
	return false;
}

/* Whoever has it already is not told another one. */
static bool take_text(const struct gateway *g, const struct task *t,
		      const struct key *k, struct keytext *ret, struct err *e)
{
	if (k->foreign == NULL) {
		again_keytext(t, ret);
		return true;
	}
	if (g->keyring->ops->adopt(k->owner, k->foreign, ret))
		return true;
	fault_field(e, t->arena, FAULT_FORMAT,
		    (struct field)FIELD(struct key, foreign),
		    "a key of DinoMail is 40 random digits of 0-9 and a-f");
	return false;
}

bool keys_create(const struct gateway *g, const struct task *t,
		 const struct text_list *rights, struct key *k,
		 struct revision *ret, struct err *e)
{
	struct keytext text;

	if (k->owner == NULL)
		k->owner = t->caller->login;
	k->text = NULL;
	key_fold(k, t->arena);
	if (!judge(g, t, rights, k, e))
		return false;
	if (!in_reach(t, k->owner))
		return err_set(e, ERR_DENIED, "you may not make keys for %s",
			       k->owner);
	if (!take_text(g, t, k, &text, e))
		return false;
	const bool adopted = k->foreign != NULL;
	k->id = arena_strdup(t->arena, text.id);
	bool good = g->keyring->ops->add(g->keyring, t, k, &text, ret, e) &&
		    fits(g, t, k, e);
	if (good && !adopted && !rehearsal_is(t))
		k->text = keytext_show(t->arena, &text);
	if (good)
		rehearsal_show(t, NULL, k, sizeof(*k));
	k->foreign = NULL;
	keytext_wipe(&text);
	/* Whether there is such an owner is not told to who may not. */
	return good ||
	       (e->kind == ERR_DENIED || e->kind == ERR_NOT_FOUND
			? err_set(e, ERR_DENIED, "you may not make keys for %s",
				  k->owner)
			: false);
}

bool keys_read(const struct gateway *g, const struct task *t, const char *id,
	       struct key *ret, struct revision *rev, struct err *e)
{
	if (!keytext_is_id(id))
		return unknown(e);
	if (!g->keyring->ops->get(g->keyring, t, id, ret, rev, e))
		return e->kind == ERR_NOT_FOUND ? unknown(e) : false;
	return in_reach(t, ret->owner) || unknown(e);
}

bool keys_list(const struct gateway *g, const struct task *t, const char *owner,
	       struct key **ret, size_t *count, struct err *e)
{
	owner = owner != NULL ? text_lower(t->arena, owner) : t->caller->login;
	if (in_reach(t, owner) &&
	    g->keyring->ops->list(g->keyring, t, owner, ret, count, e))
		return true;
	return e->kind == ERR_NONE || e->kind == ERR_NOT_FOUND
		       ? err_set(e, ERR_NOT_FOUND, "there is nobody called %s",
				 owner)
		       : false;
}

/* Its text is made out of its label, and of what nobody else knows. */
static bool standing_text(const struct gateway *g, const struct task *t,
			  const char *label, struct origin *origin,
			  struct keytext *ret, struct err *e)
{
	struct task own = *t;

	if (!g->requests->ops->origin(g->requests, t,
				      arena_join(t->arena, "key ", label, NULL),
				      origin, e))
		return false;
	own.origin = origin;
	again_keytext(&own, ret);
	return true;
}

static bool find_standing(const struct gateway *g, const struct task *t,
			  const char *label, struct key *ret, bool *found,
			  struct err *e)
{
	struct origin origin;
	struct keytext text;
	struct key *keys;
	size_t count;

	*found = false;
	if (!keys_list(g, t, NULL, &keys, &count, e))
		return false;
	for (size_t i = 0; i < count && !*found; i++) {
		*ret = keys[i];
		if (ret->label == NULL || !key_is_good(ret, t->source) ||
		    strncmp(ret->label, label, strlen(label)) != 0)
			continue;
		if (!standing_text(g, t, ret->label, &origin, &text, e))
			return false;
		*found = text_equal(text.id, ret->id);
		ret->text = *found ? keytext_show(t->arena, &text) : NULL;
		keytext_wipe(&text);
	}
	explicit_bzero(&origin, sizeof(origin));
	return true;
}

bool keys_standing(const struct gateway *g, const struct task *t,
		   const struct text_list *rights, const char *label,
		   struct key *ret, struct err *e)
{
	const char **every = arena_alloc(t->arena, sizeof(*every));
	struct task own = *t;
	struct origin origin;
	struct keytext text;
	struct revision rev;
	bool found;

	if (!find_standing(g, t, label, ret, &found, e))
		return false;
	if (found)
		return true;
	every[0] = "*";
	*ret = key_defaults;
	ret->scopes = (struct text_list){every, 1};
	ret->label = arena_join(t->arena, label, " ",
				random_name(t->arena, LABEL_WORD), NULL);
	if (!standing_text(g, t, ret->label, &origin, &text, e))
		return false;
	keytext_wipe(&text);
	own.origin = &origin;
	bool good = keys_create(g, &own, rights, ret, &rev, e);
	explicit_bzero(&origin, sizeof(origin));
	return good;
}

static bool change_once(const struct gateway *g, const struct task *t,
			const struct text_list *rights, const char *id,
			const struct patch *patch,
			const struct text_list *if_match, struct key *ret,
			struct revision *rev, struct err *e)
{
	struct key old;
	struct revision seen;

	if (!keys_read(g, t, id, &old, &seen, e) ||
	    !provision_matches(if_match, &seen, e) ||
	    !patch_is_fresh(patch, &seen, e))
		return false;
	*ret = old;
	patch_apply(patch, ret);
	key_fold(ret, t->arena);
	if (!text_equal(ret->owner, old.owner))
		fault_field(e, t->arena, FAULT_READ_ONLY,
			    (struct field)FIELD(struct key, owner),
			    "a key stays with its owner");
	if (ret->foreign != NULL)
		fault_field(e, t->arena, FAULT_READ_ONLY,
			    (struct field)FIELD(struct key, foreign),
			    "what proves a key stays the same");
	rehearsal_show(t, &old, ret, sizeof(old));
	return judge(g, t, rights, ret, e) &&
	       g->keyring->ops->change(g->keyring, t, &old, ret, &seen, rev, e);
}

bool keys_change(const struct gateway *g, const struct task *t,
		 const struct text_list *rights, const char *id,
		 const struct patch *patch, const struct text_list *if_match,
		 struct key *ret, struct revision *rev, struct err *e)
{
	for (int try = 0; try < PROVISION_TRIES; try++) {
		err_clear(e);
		if (change_once(g, t, rights, id, patch, if_match, ret, rev, e))
			return true;
		if (!provision_overtaken(e))
			break;
	}
	return provision_given_up(e, "change", id);
}

/* Whether it is gone now. */
static bool revoke_seen(const struct gateway *g, const struct task *t,
			const struct key *k, const struct revision *seen,
			struct err *e)
{
	if (g->keyring->ops->remove(g->keyring, t, k->id, k->owner, seen, e))
		return true;
	if (provision_overtaken(e))
		return false;
	if (e->kind != ERR_NOT_FOUND)
		return provision_denied(e, "revoke", k->id);
	err_clear(e);
	return true;
}

/* One that the caller does not see, and may take away all the same: he could
 * take its owner.  To everybody else it is not there. */
static bool revoke_unseen(const struct gateway *g, const struct task *t,
			  const char *id, struct err *e)
{
	const char *owner;

	err_clear(e);
	if (!g->keyring->ops->owner(g->keyring, t, id, &owner, e))
		return false;
	if (owner == NULL || !in_reach(t, owner))
		return unknown(e);
	return g->keyring->ops->remove(g->keyring, t, id, owner, NULL, e) ||
	       (e->kind == ERR_NOT_FOUND || e->kind == ERR_DENIED ? unknown(e)
								  : false);
}

static bool revoke_once(const struct gateway *g, const struct task *t,
			const char *id, const struct text_list *if_match,
			struct err *e)
{
	struct revision rev;
	struct key k;

	if (keys_read(g, t, id, &k, &rev, e)) {
		rehearsal_show(t, &k, NULL, sizeof(k));
		return provision_matches(if_match, &rev, e) &&
		       revoke_seen(g, t, &k, if_match != NULL ? &rev : NULL, e);
	}
	/* Nobody knows the state of what he does not see. */
	return e->kind == ERR_NOT_FOUND && if_match == NULL &&
	       keytext_is_id(id) && revoke_unseen(g, t, id, e);
}

bool keys_revoke(const struct gateway *g, const struct task *t, const char *id,
		 const struct text_list *if_match, struct err *e)
{
	for (int try = 0; try < PROVISION_TRIES; try++) {
		err_clear(e);
		if (revoke_once(g, t, id, if_match, e))
			return true;
		if (!provision_overtaken(e))
			return false;
	}
	return provision_given_up(e, "revoke", id);
}

bool keys_revoke_all(const struct gateway *g, const struct task *t,
		     const char *owner, struct err *e)
{
	if (g->keyring == NULL ||
	    g->keyring->ops->revoke(g->keyring, t, owner, e))
		return true;
	e->kind = ERR_UNKNOWN;
	e->code = "outcome_unknown";
	return err_wrap(e, "the keys of %s", owner);
}

static bool sets_password(const struct task *t, enum kind k,
			  const struct patch *p)
{
	void *any = arena_alloc(t->arena, kind_rules(k)->size);
	struct passwords of;

	return kind_passwords(k, any, &of) &&
	       (patch_touches(p, of.clear_field) ||
		patch_touches(p, of.ready_field));
}

bool keys_after_change(const struct gateway *g, const struct task *t,
		       enum kind k, const struct patch *p, const void *record,
		       struct err *e)
{
	return !sets_password(t, k, p) ||
	       keys_revoke_all(g, t, kind_key(k, record), e);
}

void keys_after_doubt(const struct gateway *g, const struct task *t,
		      enum kind k, const struct patch *p, const char *key,
		      const struct err *why)
{
	struct err ignored = {0};

	if (why->kind == ERR_UNKNOWN && sets_password(t, k, p) &&
	    g->store->ops->may_remove(g->store, t, k, key, &ignored))
		keys_revoke_all(g, t, key, &ignored);
}
