#include "core/administrators.h"

#include "core/doubt.h"
#include "core/principal.h"
#include "core/user.h"

static bool is_one(enum kind k, const void *record)
{
	return k == KIND_PRINCIPAL && record != NULL &&
	       ((const struct principal *)record)->super_administrator;
}

static bool can_log_in(enum kind k, const void *record)
{
	const struct user *u = record;

	return k == KIND_USER
		       ? u->enabled && u->login_enabled
		       : k == KIND_PRINCIPAL &&
				 ((const struct principal *)record)->enabled;
}

static bool ask(const struct gateway *g, const struct task *t,
		const char *login, bool yes, struct err *e)
{
	if (g->store->ops->set_administrator(g->store, t, login, yes, true, e))
		return true;
	return e->kind == ERR_DENIED || e->kind == ERR_NOT_FOUND
		       ? err_set(e, ERR_DENIED,
				 "only a super administrator makes others that")
		       : false;
}

static bool is_not_last(const struct gateway *g, const struct task *t,
			const char *login, struct err *e)
{
	bool last = false;

	return g->store->ops->is_last_administrator(g->store, t, login, &last,
						    e) &&
	       (!last || err_code(e, ERR_CONFLICT, "last_administrator",
				  "%s is the only super administrator who can "
				  "log in",
				  login));
}

bool administrators_gone(const struct gateway *g, const struct task *t,
			 const char *login, struct exclusive *ret,
			 struct err *e)
{
	static const char *const names[] = {"roles/administrators"};

	return exclusive_begin(g, t, names, COUNT(names), ret, e) &&
	       is_not_last(g, &ret->task, login, e);
}

bool administrators_check(const struct gateway *g, const struct task *t,
			  enum kind k, const void *old, const void *record,
			  struct exclusive *ret, struct err *e)
{
	const char *login = kind_key(k, record);
	bool was = is_one(k, old), is = is_one(k, record), ends;

	if (was != is && !ask(g, t, login, is, e))
		return false;
	if (old == NULL)
		return true;
	/* Of a user it is not known here whether he is one. */
	ends = can_log_in(k, old) && !can_log_in(k, record) &&
	       (was || k == KIND_USER);
	if (!ends && (!was || is))
		return true;
	/* Hardly ever, so most need claim nothing. */
	return is_not_last(g, t, login, e) &&
	       (k == KIND_USER || administrators_gone(g, t, login, ret, e));
}

static bool set(const struct gateway *g, const struct task *t,
		const char *login, bool yes, struct err *e)
{
	struct doubt d = doubt_begin();

	do {
		err_clear(e);
		if (g->store->ops->set_administrator(g->store, t, login, yes,
						     false, e))
			return true;
	} while (doubt_again(&d, g, t, e));
	return false;
}

bool administrators_lower(const struct gateway *g, const struct task *t,
			  enum kind k, const void *old, const void *record,
			  struct err *e)
{
	return !is_one(k, old) || is_one(k, record) ||
	       set(g, t, kind_key(k, record), false, e);
}

bool administrators_raise(const struct gateway *g, const struct task *t,
			  enum kind k, const void *old, const void *record,
			  struct err *e)
{
	return is_one(k, old) || !is_one(k, record) ||
	       set(g, t, kind_key(k, record), true, e);
}

bool administrators_new(const struct gateway *g, const struct task *t,
			enum kind k, const void *record, struct err *e)
{
	struct err undo = {0};

	if (administrators_raise(g, t, k, NULL, record, e))
		return true;
	if (e->kind == ERR_UNKNOWN ||
	    g->store->ops->remove(g->store, t, k, kind_key(k, record), NULL,
				  &undo))
		return false;
	const struct err why = *e;
	return err_code(e, ERR_UNKNOWN, "outcome_unknown",
			"%s; it could not be taken back: %s", why.text,
			undo.text);
}
