#include "core/again.h"

#include <string.h>

#include "core/administrators.h"
#include "core/password.h"
#include "core/principal.h"
#include "core/provision.h"
#include "util/text.h"

/* Which bytes of an origin are for what. */
enum { KEYTEXT_FROM = 0, PASSWORD_FROM = 96 };
enum { PLAN_ID = 16 }; /* characters of the mark: as many as other plans have */
_Static_assert(KEYTEXT_FROM + (int)KEYTEXT_BYTES <= (int)PASSWORD_FROM,
	       "no byte is used twice");
_Static_assert(PASSWORD_FROM + (int)PASSWORD_BYTES <= (int)ORIGIN_BYTES,
	       "there are as many");

const char *again_password(const struct task *t)
{
	return t->origin != NULL
		       ? password_of(t->arena, t->origin->bytes + PASSWORD_FROM)
		       : password_generate(t->arena);
}

void again_keytext(const struct task *t, struct keytext *ret)
{
	if (t->origin != NULL)
		keytext_of(t->origin->bytes + KEYTEXT_FROM, ret);
	else
		keytext_make(ret);
}

void again_replace(enum kind k, void *record, void *there)
{
	struct passwords sent, shown;

	if (kind_passwords(k, record, &sent) &&
	    kind_passwords(k, there, &shown))
		*shown.generated = *sent.generated;
	memcpy(record, there, kind_rules(k)->size);
}

static bool find(const struct gateway *g, const struct task *t, enum kind k,
		 const char **key, struct err *e)
{
	return g->requests->ops->made(g->requests, t, k, t->origin->mark, key,
				      e);
}

bool again_is_own(const struct gateway *g, const struct task *t, enum kind k,
		  const char *key, struct err *e)
{
	struct err why = {0};
	const char *made;

	if (find(g, t, k, &made, &why))
		return made != NULL && text_equal(made, key);
	return err_code(e, ERR_UNKNOWN, "outcome_unknown", "%s: %s", key,
			why.text);
}

/* What is done after the record itself was added. */
static bool complete(const struct gateway *g, const struct task *t, enum kind k,
		     const void *record, const char *key, struct err *e)
{
	const struct principal *p = record;

	switch (k) {
	case KIND_DOMAIN: /* perhaps its reserved names are still to come */
		return provision_unclaimed(g, t, key, e);
	case KIND_PRINCIPAL:
		return !p->super_administrator || !text_equal(p->login, key) ||
		       administrators_new(g, t, k, record, e);
	case KIND_USER:
	case KIND_ALIAS:
	case KIND_COUNT:
		break;
	}
	return true;
}

static bool gone(struct err *e, const char *key)
{
	return err_code(e, ERR_CONFLICT, "done_before",
			"%s was made by this request, and is no longer there "
			"or not for you to see",
			key);
}

bool again_made(const struct gateway *g, const struct task *t, enum kind k,
		void *record, struct revision *ret, bool *done, struct err *e)
{
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	const char *key;

	*done = false;
	if (t->origin == NULL || !t->origin->again)
		return true;
	kind_rules(k)->fold(record, t->arena);
	if (!find(g, t, k, &key, e))
		return false;
	if (key == NULL)
		return true;
	if (key[0] == '\0')
		return gone(e, kind_key(k, record));
	if (!complete(g, t, k, record, key, e))
		return false;
	if (!g->store->ops->get(g->store, t, k, key, there, ret, e))
		return e->kind == ERR_NOT_FOUND ? gone(e, key) : false;
	again_replace(k, record, there);
	*done = true;
	return true;
}

const char *again_plan_id(const struct task *t)
{
	return t->origin != NULL
		       ? arena_strndup(t->arena, t->origin->mark, PLAN_ID)
		       : NULL;
}

bool again_find_plan(const struct gateway *g, const struct task *t,
		     struct plan *ret, bool *known, struct err *e)
{
	*known = false;
	if (t->origin == NULL)
		return true;
	*known = g->journal->ops->read(g->journal, t, again_plan_id(t), ret, e);
	if (!*known && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

/* The same may succeed next time. */
static bool is_passing(const struct failure *f)
{
	return f->left == NULL &&
	       (f->kind == ERR_UNAVAILABLE || f->kind == ERR_TIMEOUT ||
		f->kind == ERR_LIMIT || f->kind == ERR_RATE ||
		f->kind == ERR_INTERNAL || f->kind == ERR_UNKNOWN);
}

bool again_judge_plan(const struct gateway *g, const struct task *t,
		      const struct plan *p, bool *done, struct err *e)
{
	*done = text_equal(p->state, PLAN_DONE);
	if (*done)
		return true;
	if (text_equal(p->state, PLAN_STUCK))
		return err_code(e, ERR_UNKNOWN, "outcome_unknown",
				"plan %s is stuck", p->id);
	if (!text_equal(p->state, PLAN_UNDONE))
		return err_code(e, ERR_CONFLICT, "under_way",
				"it is just being done");
	if (!is_passing(&p->failure))
		return plan_tell(&p->failure, e);
	if (!g->journal->ops->remove(g->journal, t, p->id, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}
