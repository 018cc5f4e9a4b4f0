#include "tests/lib/store_mem_parts.h"

#include <string.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
#include "util/text.h"

enum { AT_ONCE = 2 }; /* addresses that one call moves */

static bool may(struct store_mem *s, const struct task *t, struct err *e)
{
	return store_mem_is_up(s, e) &&
	       (store_mem_may_write(s, t) ||
		err_set(e, ERR_DENIED, "you may not do that"));
}

static struct domain *domain_of(struct store_mem *s, const char *name)
{
	struct item *it = store_mem_find(s, KIND_DOMAIN, name);

	return it != NULL ? it->record : NULL;
}

static bool is_local(const struct domain *d, const char *to)
{
	return d != NULL && text_equal(d->kind, "local") &&
	       text_equal(d->target, to);
}

/* Written as a whole, whatever it takes in the directory. */
static bool twin(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct domain *old = domain_of(s, from), *now = domain_of(s, to);
	struct domain made;
	struct revision rev;
	bool lost;

	if (!may(s, t, e))
		return false;
	if (old == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no %s", from);
	if (now != NULL && !is_local(now, from))
		return err_set(e, ERR_EXISTS, "%s is taken", to);
	if (now == NULL) {
		made = *old;
		made.name = to;
		made.target = from;
		if (!port->ops->add(port, t, KIND_DOMAIN, &made, &rev, e))
			return false;
	}
	if (is_local(old, to))
		return true;
	if (!store_mem_fate(s, &lost, e))
		return false;
	old->target = arena_strdup(s->arena, to);
	store_mem_stamp(s, store_mem_find(s, KIND_DOMAIN, from));
	return store_mem_lost(lost, e);
}

static bool is_catch_all(struct store_mem *s, const char *key, const char *to)
{
	const char *all = arena_join(s->arena, "@", to, NULL);

	return key[0] == '@' && store_mem_find(s, KIND_ALIAS, all) != NULL;
}

/* A catch-all stays where the new domain has one. */
static struct item *next_in(struct store_mem *s, const char *domain,
			    const char *to)
{
	for (struct item *it = s->items; it != NULL; it = it->next) {
		if (it->plan == NULL && kind_is_address(it->kind) &&
		    text_equal(address_domain(store_mem_key(it)), domain) &&
		    !is_catch_all(s, store_mem_key(it), to))
			return it;
	}
	return NULL;
}

static bool relink(struct store *port, const struct task *t, const char *name,
		   const char *to, struct err *e)
{
	const struct text_list names = {&name, 1};
	bool more;

	return port->ops->relink(port, t, &names,
				 arena_join(t->arena, "@", to, NULL), NULL,
				 RELINK_ALL, &more, e);
}

static bool shift(struct store *port, const struct task *t, const char *from,
		  const char *to, bool *more, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct item *it;

	*more = false;
	if (!may(s, t, e))
		return false;
	for (int i = 0; i < AT_ONCE && (it = next_in(s, from, to)) != NULL;
	     i++) {
		const char *key = store_mem_key(it);
		const char *new_key =
			arena_printf(t->arena, "%.*s@%s",
				     (int)strcspn(key, "@"), key, to);

		if (!port->ops->rename(port, t, it->kind, key, new_key,
				       kind_id(it->kind, it->record), e) ||
		    !relink(port, t, key, to, e))
			return false;
		*more = true;
	}
	return true;
}

/* What was moved is found by nothing else here, but it may not yet have been
 * followed. */
static bool arrive(struct store *port, const struct task *t, const char *from,
		   const char *to, bool *more, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	*more = false;
	if (!may(s, t, e))
		return false;
	for (struct item *it = s->items; it != NULL; it = it->next) {
		const char *key = store_mem_key(it);

		if (it->plan == NULL && kind_is_address(it->kind) &&
		    text_equal(address_domain(key), to) &&
		    !relink(port, t,
			    arena_printf(t->arena, "%.*s@%s",
					 (int)strcspn(key, "@"), key, from),
			    to, e))
			return false;
	}
	return true;
}

static bool follow(struct store *port, const struct task *t, const char *from,
		   const char *to, bool *more, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	bool lost;

	*more = false;
	if (!may(s, t, e))
		return false;
	for (struct item *it = s->items; it != NULL; it = it->next) {
		struct domain *d = it->record;

		if (it->plan != NULL || it->kind != KIND_DOMAIN ||
		    !text_equal(d->kind, "alias") ||
		    !text_equal(d->target, from))
			continue;
		if (!store_mem_fate(s, &lost, e))
			return false;
		d->target = arena_strdup(s->arena, to);
		store_mem_stamp(s, it);
		if (lost)
			return store_mem_lost(lost, e);
	}
	return true;
}

static bool turn(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct domain *old = domain_of(s, from), *now = domain_of(s, to);
	bool lost;

	if (!may(s, t, e))
		return false;
	if (!is_local(old, to))
		return true;
	if (now == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no %s", to);
	if (!store_mem_fate(s, &lost, e))
		return false;
	now->description = old->description;
	old->kind = "alias";
	old->max_users = old->max_aliases = old->quota_bytes = NUMBER_NONE;
	old->default_user_quota_bytes = NUMBER_NONE;
	store_mem_stamp(s, store_mem_find(s, KIND_DOMAIN, from));
	return store_mem_lost(lost, e);
}

static bool part(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct domain *now = domain_of(s, to);
	bool lost;

	if (!may(s, t, e))
		return false;
	if (!is_local(now, from))
		return true;
	if (!store_mem_fate(s, &lost, e))
		return false;
	now->target = NULL;
	store_mem_stamp(s, store_mem_find(s, KIND_DOMAIN, to));
	return store_mem_lost(lost, e);
}

void store_mem_moving(struct store_ops *ops)
{
	ops->twin = twin;
	ops->shift = shift;
	ops->arrive = arrive;
	ops->follow = follow;
	ops->turn = turn;
	ops->part = part;
}
