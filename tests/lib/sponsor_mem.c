#include "tests/lib/sponsor_mem.h"

#include <string.h>

#include "core/address.h"
#include "core/budget.h"
#include "core/user.h"
#include "tests/lib/store_mem_parts.h"
#include "util/instant.h"
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

/* Principals have it in their records, here; of others their names are kept. */
static bool administrators(struct store *port, const struct task *t,
			   struct text_list *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	size_t room = s->administrator_count;

	for (const struct item *it = s->items; it != NULL; it = it->next)
		room++;
	ret->items = arena_alloc(t->arena, room * sizeof(*ret->items));
	ret->count = 0;
	for (size_t i = 0; i < s->administrator_count; i++)
		ret->items[ret->count++] = s->administrators[i];
	for (const struct item *it = s->items; it != NULL; it = it->next) {
		const struct principal *p = it->record;

		if (it->kind == KIND_PRINCIPAL && p->super_administrator)
			ret->items[ret->count++] = p->login;
	}
	return store_mem_is_up(s, e);
}

static bool can_log_in(struct store *port, const struct task *t,
		       const char *login, bool *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	const char *domain = address_domain(login);
	enum kind k = domain != NULL ? KIND_USER : KIND_PRINCIPAL;
	const struct item *it = store_mem_find(s, k, login), *of = NULL;

	(void)t;
	if (domain != NULL)
		of = store_mem_find(s, KIND_DOMAIN, domain);
	*ret = false;
	if (it != NULL && k == KIND_PRINCIPAL) {
		*ret = ((const struct principal *)it->record)->enabled;
	} else if (it != NULL && of != NULL) {
		const struct user *u = it->record;

		*ret = u->in_force && u->login_enabled &&
		       (u->expires_at == NULL ||
			!instant_is_past(u->expires_at)) &&
		       ((const struct domain *)of->record)->in_force;
	}
	return store_mem_is_up(s, e);
}

void store_mem_name(struct store_mem *s, const char *login, bool yes)
{
	struct item *it = store_mem_find(s, KIND_PRINCIPAL, login);
	size_t i = 0;

	if (it != NULL) {
		((struct principal *)it->record)->super_administrator = yes;
		return;
	}
	while (i < s->administrator_count &&
	       strcmp(s->administrators[i], login) != 0)
		i++;
	if (yes && i == s->administrator_count && i < STORE_MEM_ADMINISTRATORS)
		s->administrators[s->administrator_count++] =
			arena_strdup(s->arena, login);
	else if (!yes && i < s->administrator_count)
		s->administrators[i] =
			s->administrators[--s->administrator_count];
}

static bool set_administrator(struct store *port, const struct task *t,
			      const char *login, bool yes, bool ask,
			      struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	bool lost;

	if (!store_mem_is_up(s, e))
		return false;
	if (!store_mem_may_write(s, t))
		return err_set(e, ERR_DENIED, "you may not do that");
	if (ask)
		return true;
	if (!store_mem_fate(s, &lost, e))
		return false;
	store_mem_name(s, login, yes);
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

void sponsor_mem_add(struct store_ops *ops)
{
	ops->roles_of = roles_of;
	ops->identity = identity;
	ops->budget = budget;
	ops->overlaps = overlaps;
	ops->administrators = administrators;
	ops->can_log_in = can_log_in;
	ops->set_administrator = set_administrator;
}
