#include "core/administrators.h"

#include "core/address.h"
#include "core/domain.h"
#include "core/doubt.h"
#include "core/principal.h"
#include "core/user.h"
#include "util/instant.h"
#include "util/text.h"

const char administrators_name[] = "roles/administrators";

static bool is_one(enum kind k, const void *record)
{
	return k == KIND_PRINCIPAL && record != NULL &&
	       ((const struct principal *)record)->super_administrator;
}

/* As far as his own record tells; of a domain, whether those in it can. */
static bool can_log_in(enum kind k, const void *record)
{
	const struct user *u = record;

	switch (k) {
	case KIND_USER:
		return u->in_force && u->login_enabled &&
		       (u->expires_at == NULL ||
			!instant_is_past(u->expires_at));
	case KIND_PRINCIPAL:
		return ((const struct principal *)record)->enabled;
	case KIND_DOMAIN:
		return ((const struct domain *)record)->in_force;
	case KIND_ALIAS:
	case KIND_COUNT:
		break;
	}
	return false;
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

static bool is_concerned(enum kind k, const char *key, const char *login)
{
	return text_equal(k == KIND_DOMAIN ? address_domain(login) : login,
			  key);
}

bool administrators_left(const struct gateway *g, const struct task *t,
			 enum kind k, const char *key, bool *any, struct err *e)
{
	const struct store_ops *ops = g->store->ops;
	struct text_list all;
	bool other = false;

	*any = false;
	if (!ops->administrators(g->store, t, &all, e))
		return false;
	for (size_t i = 0; i < all.count; i++)
		*any = *any || is_concerned(k, key, all.items[i]);
	for (size_t i = 0; *any && !other && i < all.count; i++) {
		if (!is_concerned(k, key, all.items[i]) &&
		    !ops->can_log_in(g->store, t, all.items[i], &other, e))
			return false;
	}
	return !*any || other ||
	       err_code(e, ERR_CONFLICT, "last_administrator",
			"without %s no super administrator could log in", key);
}

bool administrators_gone(const struct gateway *g, const struct task *t,
			 enum kind k, const char *key, struct exclusive *ret,
			 struct err *e)
{
	const char *const names[] = {administrators_name};
	bool any;

	/* Hardly ever one of them, so most need claim nothing. */
	return administrators_left(g, t, k, key, &any, e) &&
	       (!any || (exclusive_begin(g, t, names, COUNT(names), ret, e) &&
			 administrators_left(g, &ret->task, k, key, &any, e)));
}

bool administrators_check(const struct gateway *g, const struct task *t,
			  enum kind k, const void *old, const void *record,
			  struct exclusive *ret, struct err *e)
{
	const char *key = kind_key(k, record);
	bool was = is_one(k, old), is = is_one(k, record), ends;

	if (was != is && !ask(g, t, key, is, e))
		return false;
	if (old == NULL)
		return true;
	/* Of a user or domain it is not known here whether he is one. */
	ends = can_log_in(k, old) && !can_log_in(k, record) &&
	       (was || k != KIND_PRINCIPAL);
	return (!ends && (!was || is)) ||
	       administrators_gone(g, t, k, key, ret, e);
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
