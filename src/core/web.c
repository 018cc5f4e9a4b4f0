#include "core/web.h"

#include "core/alias.h"
#include "core/resolve.h"
#include "core/user.h"
#include "util/log.h"
#include "util/text.h"

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

/* Whether the change can close anything: who changes something else is not to
 * blame for what others have closed. */
static bool concerns(const struct task *t, enum kind k, const void *old,
		     const void *record)
{
	const struct signpost *was = signpost_of(t, k, old);
	const struct signpost *now = signpost_of(t, k, record);

	return now != NULL &&
	       (was == NULL ||
		!text_list_equal(was->destinations, now->destinations));
}

bool web_check_change(const struct gateway *g, const struct task *t,
		      enum kind k, const void *old, const void *record,
		      struct err *e)
{
	return !concerns(t, k, old, record) || web_check(g, t, k, record, e);
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

/* The same words as for every unknown outcome; this one by its place. */
static const char not_taken_back[] = "outcome_unknown";

bool web_is_final(const struct err *e)
{
	return e->code == not_taken_back;
}

/* Written, and then found to close a circle.  If that cannot be taken back,
 * nobody knows what there is. */
static bool taken_back(bool done, struct err *e, const struct err *undo)
{
	struct err why = *e;

	return done ? false
		    : err_code(e, ERR_UNKNOWN, not_taken_back,
			       "%s; it could not be taken back: %s", why.text,
			       undo->text);
}

bool web_add(const struct gateway *g, const struct task *t, enum kind k,
	     void *record, struct revision *ret, struct err *e)
{
	struct err undo = {0};
	struct task own = *t;

	/* What leads somewhere may have to be taken back. */
	own.unread = t->unread && signpost_of(t, k, record) == NULL;
	if (!g->store->ops->add(g->store, &own, k, record, ret, e))
		return false;
	rehearsal_show(t, NULL, record, kind_rules(k)->size);
	if (web_check(g, t, k, record, e))
		return true;
	if (e->kind != ERR_CONFLICT)
		return not_seen(k, record, e);
	bool done = g->store->ops->remove(g->store, t, k, kind_key(k, record),
					  ret, &undo);
	return taken_back(done, e, &undo);
}

/* Nobody can read the former password, so it cannot be brought back: the new
 * one stays.  True if there is a new one. */
static bool keep_password(enum kind k, const void *record, void *before)
{
	const struct user *now = record;
	struct user *then = before;

	if (k != KIND_USER)
		return false;
	then->stored = now->stored;
	return now->stored.hash != NULL;
}

bool web_change(const struct gateway *g, const struct task *t, enum kind k,
		const void *old, void *record, const struct revision *seen,
		struct revision *ret, struct err *e)
{
	struct err undo = {0};

	bool closes = concerns(t, k, old, record);
	if (!g->store->ops->change(g->store, t, k, old, record, seen, ret, e))
		return false;
	rehearsal_show(t, old, record, kind_rules(k)->size);
	if (!closes || web_check(g, t, k, record, e))
		return true;
	if (e->kind != ERR_CONFLICT)
		return not_seen(k, record, e);
	const struct revision mine = *ret;
	void *before = arena_copy(t->arena, old, kind_rules(k)->size);
	bool forgotten = keep_password(k, record, before);
	bool done = g->store->ops->change(g->store, t, k, record, before, &mine,
					  ret, &undo);
	if (done && forgotten)
		err_set(&undo, ERR_UNKNOWN, "the password is the new one");
	return taken_back(done && !forgotten, e, &undo);
}
