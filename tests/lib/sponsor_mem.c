#include "tests/lib/sponsor_mem.h"

#include <string.h>

#include "core/budget.h"
#include "tests/lib/store_mem_parts.h"
#include "util/text.h"

static const char *identity(struct store *port, const struct task *t,
			    const char *login)
{
	(void)port;
	return arena_strdup(t->arena, login);
}

static bool is_except(const struct item *it, enum kind but, const char *key)
{
	return it->kind == but && key != NULL &&
	       strcmp(store_mem_key(it), key) == 0;
}

static bool budget(struct store *port, const struct task *t, const char *login,
		   enum kind but, const char *key, struct budget *limits,
		   struct budget *given, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	const struct item *own = store_mem_find(s, KIND_PRINCIPAL, login);

	(void)t;
	if (!store_mem_is_up(s, e))
		return false;
	if (limits != NULL &&
	    (own == NULL || !((const struct principal *)own->record)->reseller))
		return err_set(e, ERR_NOT_FOUND, "there is no reseller %s",
			       login);
	if (limits != NULL)
		*limits = principal_budget(own->record);
	*given = (struct budget){0};
	for (const struct item *it = s->items; it != NULL; it = it->next) {
		const struct domain *d = it->record;
		const struct principal *p = it->record;
		struct budget more = {0};

		if (it->plan != NULL || is_except(it, but, key))
			continue;
		if (it->kind == KIND_DOMAIN && text_equal(d->sponsor, login))
			more = budget_of_domain(d);
		else if (it->kind == KIND_PRINCIPAL &&
			 text_equal(p->sponsor, login))
			more = budget_of_principal(p);
		budget_add(given, &more);
	}
	return true;
}

static bool is_below(const char *name, const char *above)
{
	size_t size = strlen(name), tail = strlen(above);

	return size > tail && name[size - tail - 1] == '.' &&
	       strcmp(name + size - tail, above) == 0;
}

static bool overlaps(struct store *port, const struct task *t, const char *name,
		     bool *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	*ret = false;
	for (const struct item *it = s->items; it != NULL; it = it->next) {
		const struct domain *d = it->record;

		if (it->kind == KIND_DOMAIN && it->plan == NULL &&
		    (is_below(name, d->name) || is_below(d->name, name)) &&
		    !text_equal(d->sponsor, t->caller->login))
			*ret = true;
	}
	return store_mem_is_up(s, e);
}

static bool is_last_administrator(struct store *port, const struct task *t,
				  const char *login, bool *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	bool is_one = false, other = false;

	(void)t;
	for (const struct item *it = s->items; it != NULL; it = it->next) {
		const struct principal *p = it->record;

		if (it->kind != KIND_PRINCIPAL || !p->super_administrator)
			continue;
		if (strcmp(p->login, login) == 0)
			is_one = true;
		else
			other = other || p->enabled;
	}
	*ret = is_one && !other;
	return store_mem_is_up(s, e);
}

static bool set_administrator(struct store *port, const struct task *t,
			      const char *login, bool yes, bool ask,
			      struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct item *it = store_mem_find(s, KIND_PRINCIPAL, login);
	bool lost;

	if (!store_mem_is_up(s, e))
		return false;
	if (!store_mem_may_write(s, t))
		return err_set(e, ERR_DENIED, "you may not do that");
	if (ask)
		return true;
	if (!store_mem_fate(s, &lost, e))
		return false;
	if (it != NULL)
		((struct principal *)it->record)->super_administrator = yes;
	return store_mem_lost(lost, e);
}

/* Roles are the directory's: here nobody has any. */
static bool roles_of(struct store *port, const struct task *t, size_t limit,
		     struct manager_list *ret, bool *more, struct err *e)
{
	(void)t, (void)limit;
	*ret = (struct manager_list){0};
	*more = false;
	return store_mem_is_up(store_mem_self(port), e);
}

const struct store_ops sponsor_mem = {
	.roles_of = roles_of,
	.identity = identity,
	.budget = budget,
	.overlaps = overlaps,
	.is_last_administrator = is_last_administrator,
	.set_administrator = set_administrator,
};
