#include "core/replace.h"

#include <string.h>

#include "core/user.h"
#include "util/text.h"

/* How often it is tried again when others create or delete it meanwhile. */
enum { REPLACE_TRIES = 8 };

bool replace_judge(const struct gateway *g, enum kind k, const char *key,
		   void *record, struct arena *a, struct err *e)
{
	const struct kind_rules *r = kind_rules(k);
	const char **own = field_at(r->key, record);

	key = text_lower(a, key);
	if (*own == NULL)
		*own = key;
	provision_judge(g, k, record, a, e);
	if (strcmp(*own, key) != 0 && !fault_has(e, r->key))
		fault_field(e, a, FAULT_READ_ONLY, r->key,
			    "the path names another");
	return e->faults == NULL;
}

/* What is only shown may be sent back, but not be changed that way. */
static bool kept(const struct replacement *r, const void *there,
		 struct arena *a, struct err *e)
{
	for (size_t i = 0; i < r->kept_count; i++) {
		const char *const *sent = field_in(r->kept[i], r->patch.record);
		const char *const *is = NULL;

		if (there != NULL)
			is = field_in(r->kept[i], there);
		if (is == NULL)
			fault_field(e, a, FAULT_READ_ONLY, r->kept[i],
				    "it cannot be set");
		else if (!text_equal(*sent, *is))
			fault_field(e, a, FAULT_READ_ONLY, r->kept[i],
				    "it is not what is there");
	}
	return e->faults == NULL;
}

/* What is there becomes the record, provided that it is still what was read:
 * what was read has been judged by. */
static bool put_over(const struct gateway *g, const struct task *t, enum kind k,
		     const char *key, struct replacement *r,
		     const struct revision *seen, void *ret,
		     struct revision *rev, bool *again, struct err *e)
{
	const char *tag = seen->etag;
	const struct text_list only = {&tag, 1};

	if (provision_change(g, t, k, key, &r->patch, &only, ret, rev, e))
		return true;
	*again = e->kind == ERR_CHANGED || e->kind == ERR_NOT_FOUND;
	return false;
}

/* Make it.  Somebody else may be quicker, and may have taken it away again. */
static bool make(const struct gateway *g, const struct task *t, enum kind k,
		 const char *key, struct replacement *r, void *ret,
		 struct revision *rev, bool *again, struct err *e)
{
	const struct kind_rules *rules = kind_rules(k);

	memcpy(ret, r->patch.record, rules->size);
	r->created = provision_create(g, t, k, ret, rev, e);
	if (r->created)
		return true;
	const char *own = arena_printf(t->arena, "%s%s", rules->path, key);
	*again = e->kind == ERR_EXISTS && (e->conflicts_with == NULL ||
					   text_equal(e->conflicts_with, own));
	return false;
}

static bool replace_once(const struct gateway *g, const struct task *t,
			 enum kind k, const char *key, struct replacement *r,
			 void *ret, struct revision *rev, bool *again,
			 struct err *e)
{
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision seen;

	*again = false;
	/* What else a reader is told nobody needs here. */
	if (g->store->ops->get(g->store, t, k, key, there, &seen, e)) {
		if (r->must_be_new)
			return patch_too_late(&seen, "it is there already", e);
		if (r->must_match && r->if_match == NULL)
			return patch_unconditional(e);
		return provision_matches(r->if_match, &seen, e) &&
		       kept(r, there, t->arena, e) &&
		       put_over(g, t, k, key, r, &seen, ret, rev, again, e);
	}
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (r->if_match != NULL)
		return err_code(e, ERR_CHANGED, "precondition_failed",
				"it is not in the state you saw");
	return kept(r, NULL, t->arena, e) &&
	       make(g, t, k, key, r, ret, rev, again, e);
}

bool replace(const struct gateway *g, const struct task *t, enum kind k,
	     const char *key, struct replacement *r, void *ret,
	     struct revision *rev, struct err *e)
{
	const struct kind_rules *rules = kind_rules(k);
	void *record = arena_copy(t->arena, r->patch.record, rules->size);
	struct replacement one = *r;
	struct err bad = {0};
	bool again;

	key = text_lower(t->arena, key);
	if (!rules->check_key(key, &bad))
		return err_set(e, ERR_NOT_FOUND, "there is no such %s",
			       rules->noun);
	if (!replace_judge(g, k, key, record, t->arena, e))
		return false;
	one.patch.record = record;
	for (int try = 1; try <= REPLACE_TRIES; try++) {
		struct err why = {0};

		bool done = replace_once(g, t, k, key, &one, ret, rev, &again,
					 &why);
		r->created = one.created;
		if (done) {
			err_clear(e); /* of an earlier try */
			return true;
		}
		*e = why;
		if (!again)
			return false;
	}
	err_clear(e);
	return err_code(e, ERR_LIMIT, "contended",
			"%s is changed by too many at once", key);
}
