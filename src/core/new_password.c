#include "core/new_password.h"

#include <string.h>

#include "core/doubt.h"
#include "core/keys.h"
#include "core/password.h"
#include "core/user.h"
#include "util/text.h"

void new_password_admit(const struct gateway *g, enum kind k, void *record,
			struct arena *a, struct err *e)
{
	struct passwords p;
	struct err bad = {0};

	if (kind_passwords(k, record, &p) && *p.ready != NULL &&
	    !fault_has(e, p.ready_field) &&
	    !g->hasher->ops->admit(g->hasher, a, *p.ready, &p.stored->hash,
				   &bad))
		fault_field(e, a, FAULT_FORMAT, p.ready_field,
			    arena_strdup(a, bad.text));
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

bool new_password_hash(const struct gateway *g, const struct task *t,
		       enum kind k, void *record, struct err *e)
{
	struct passwords p;

	if (!kind_passwords(k, record, &p) || *p.clear == NULL)
		return true;
	const struct secret s = {*p.clear, kind_words(k, record, t->arena)};
	return g->hasher->ops->hash(g->hasher, t, &s, p.stored, e) ||
	       password_refused(t->arena, p.clear_field, e);
}

/* Hashing is dear: not for somebody who may not write the result. */
bool new_password_allowed(const struct task *t, enum kind k, const char *key,
			  const struct patch *patch, struct err *e)
{
	void *any = arena_alloc(t->arena, kind_rules(k)->size);
	struct passwords p;

	if (!kind_passwords(k, any, &p) || strcmp(key, t->caller->login) != 0 ||
	    (!patch_touches(patch, p.clear_field) &&
	     !patch_touches(patch, p.ready_field)))
		return true;
	return err_code(e, ERR_DENIED, "current_password_required",
			"change your own password at its own place, and give "
			"the current one");
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

/* The state he was read in, if that matters. */
static bool own_state(const struct gateway *g, const struct task *t,
		      enum kind k, const struct new_password *n,
		      const char **guard, struct err *e)
{
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision seen;

	*guard = NULL;
	if (n->if_match == NULL)
		return true;
	if (!g->store->ops->get(g->store, t, k, t->caller->login, there, &seen,
				e) ||
	    !provision_matches(n->if_match, &seen, e))
		return false;
	*guard = seen.guard;
	return true;
}

static bool write_own(const struct gateway *g, const struct task *t,
		      enum kind k, const struct new_password *n,
		      const struct stored_password *stored, struct err *e)
{
	struct doubt d = doubt_begin();
	unsigned tries = 0;
	const char *guard;

	do {
		err_clear(e);
		if (own_state(g, t, k, n, &guard, e) &&
		    g->store->ops->set_own_password(g->store, t, stored, guard,
						    e))
			return true;
	} while (doubt_again(&d, g, t, e) ||
		 (provision_overtaken(e) && ++tries < PROVISION_TRIES));
	return provision_overtaken(e) &&
	       provision_given_up(e, "change", t->caller->login);
}

/* Whoever has found an open session must not be able to take the account. */
static bool own_password(const struct gateway *g, const struct task *t,
			 enum kind k, const struct new_password *n,
			 struct err *e)
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
	const char *guard;
	if (!own_state(g, t, k, n, &guard, e))
		return false;
	const struct secret s = {n->clear, own_words(g, t)};
	if (!g->hasher->ops->hash(g->hasher, t, &s, &stored, e))
		return password_refused(t->arena,
					(struct field)FIELD(struct new_password,
							    clear),
					e);
	return write_own(g, t, k, n, &stored, e);
}

bool provision_password(const struct gateway *g, const struct task *t,
			enum kind k, const char *key,
			const struct new_password *n, struct err *e)
{
	void *wanted = arena_alloc(t->arena, kind_rules(k)->size),
	     *now = arena_alloc(t->arena, kind_rules(k)->size);
	struct passwords p;
	struct revision rev;

	if (!kind_passwords(k, wanted, &p))
		return err_set(e, ERR_INTERNAL, "%s has no password", key);
	*p.clear = n->clear;
	const struct patch patch = {.record = wanted,
				    .fields = &p.clear_field,
				    .count = 1};

	if (!password_check(n->clear, e)) {
		fault_field(e, t->arena, FAULT_FORMAT,
			    (struct field)FIELD(struct new_password, clear),
			    arena_strdup(t->arena, e->text));
		return false;
	}
	key = text_lower(t->arena, key);
	if (strcmp(key, t->caller->login) == 0) {
		bool good = own_password(g, t, k, n, e);

		/* It may have been written: then his keys are to go, too. */
		if (!good && e->kind == ERR_UNKNOWN && n->keys == KEYS_REVOKE) {
			struct err ignored = {0};

			keys_revoke_all(g, t, key, &ignored);
		}
		return good && (n->keys != KEYS_REVOKE ||
				keys_revoke_all(g, t, key, e));
	}
	if (provision_write(g, t, k, key, &patch, n->if_match, now, &rev, e))
		return n->keys == KEYS_KEEP || keys_revoke_all(g, t, key, e);
	if (n->keys != KEYS_KEEP)
		keys_after_doubt(g, t, k, &patch, key, e);
	/* What is wrong with it there is wrong with it here. */
	for (struct fault *f = e->faults; f != NULL; f = f->next) {
		if (f->field.offset == p.clear_field.offset)
			f->field =
				(struct field)FIELD(struct new_password, clear);
	}
	return false;
}
