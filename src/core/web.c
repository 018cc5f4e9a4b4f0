#include "core/web.h"

#include "core/alias.h"
#include "core/resolve.h"
#include "core/user.h"
#include "util/log.h"

/* What the mail servers would read of it; NULL if it leads nowhere. */
static const struct signpost *signpost_of(const struct task *t, enum kind k,
					  const void *record)
{
	const struct user *u = record;
	const struct alias *al = record;
	struct signpost *p = arena_alloc(t->arena, sizeof(*p));

	*p = (struct signpost){.key = kind_key(k, record),
			       .kind = k,
			       .quota_bytes = NUMBER_NONE};
	if (k == KIND_USER) {
		p->enabled = u->in_force;
		p->destinations = u->destinations;
	} else if (k == KIND_ALIAS) {
		p->enabled = al->in_force;
		p->destinations = al->destinations;
	}
	return p->enabled && p->destinations.count > 0 ? p : NULL;
}

bool web_check(const struct gateway *g, const struct task *t, enum kind k,
	       const void *record, struct err *e)
{
	const struct signpost *p = signpost_of(t, k, record);
	const char *through = NULL;

	if (p == NULL)
		return true;
	if (!resolve_returns(g, t, p, &through, e))
		return false;
	return through == NULL ||
	       err_code(e, ERR_CONFLICT, "loop",
			"mail for %s would come back to it from %s", p->key,
			through);
}

/* It is stored; only whether somebody else closed a circle at the same moment
 * could not be seen. */
static bool not_seen(enum kind k, const void *record, struct err *e)
{
	log_event(LOG_WARNING, "loop-not-looked-for", "key",
		  kind_key(k, record), "error", e->text, NULL);
	err_clear(e);
	return true;
}

/* Written, and then found to close a circle.  If that cannot be taken back,
 * nobody knows what there is. */
static bool taken_back(bool done, struct err *e, const struct err *undo)
{
	struct err why = *e;

	return done ? false
		    : err_code(e, ERR_UNKNOWN, "outcome_unknown",
			       "%s; it could not be taken back: %s", why.text,
			       undo->text);
}

bool web_add(const struct gateway *g, const struct task *t, enum kind k,
	     void *record, struct revision *ret, struct err *e)
{
	struct err undo = {0};

	if (!g->store->ops->add(g->store, t, k, record, ret, e))
		return false;
	if (web_check(g, t, k, record, e))
		return true;
	if (e->kind != ERR_CONFLICT)
		return not_seen(k, record, e);
	bool done = g->store->ops->remove(g->store, t, k, kind_key(k, record),
					  ret, &undo);
	return taken_back(done, e, &undo);
}

bool web_change(const struct gateway *g, const struct task *t, enum kind k,
		const void *old, void *record, const struct revision *seen,
		struct revision *ret, struct err *e)
{
	struct err undo = {0};

	if (!g->store->ops->change(g->store, t, k, old, record, seen, ret, e))
		return false;
	if (web_check(g, t, k, record, e))
		return true;
	if (e->kind != ERR_CONFLICT)
		return not_seen(k, record, e);
	const struct revision mine = *ret;
	void *before = arena_copy(t->arena, old, kind_rules(k)->size);
	bool done = g->store->ops->change(g->store, t, k, record, before, &mine,
					  ret, &undo);
	return taken_back(done, e, &undo);
}
