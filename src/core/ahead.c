#include "core/ahead.h"

#include "core/address.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/text.h"

#include <stdlib.h>

struct ahead_domains {
	struct arena *arena;
	int64_t since;
	unsigned users;
	size_t count;
	struct domain items[AHEAD_DOMAINS];
};

static bool is_fresh(int64_t asked_at)
{
	return clock_now() < asked_at + AHEAD_MILLIS;
}

struct ahead_domains *ahead_domains_new(void)
{
	struct ahead_domains *d = alloc_zeroed(sizeof(*d));

	d->arena = arena_new();
	d->since = clock_now();
	d->users = 1;
	return d;
}

struct ahead_domains *ahead_domains_keep(struct ahead_domains *d)
{
	d->users++;
	return d;
}

void ahead_domains_let_go(struct ahead_domains **d)
{
	if (*d != NULL && --(*d)->users == 0) {
		arena_free((*d)->arena);
		free(*d);
	}
	*d = NULL;
}

bool ahead_domains_are_fresh(const struct ahead_domains *d)
{
	return d != NULL && is_fresh(d->since);
}

static const struct domain *find(const struct ahead_domains *d,
				 const char *name)
{
	for (size_t i = 0; i < d->count; i++) {
		if (text_equal(d->items[i].name, name))
			return &d->items[i];
	}
	return NULL;
}

bool ahead_are_free(const struct gateway *g, const struct task *t,
		    const struct text_list *addresses)
{
	struct err e = {0};
	bool claimed, named;

	return g->journal->ops->any_claimed(g->journal, t, addresses, &claimed,
					    &e) &&
	       !claimed &&
	       g->store->ops->any_named(g->store, t, addresses, &named, &e) &&
	       !named;
}

bool ahead_is_free(const struct task *t, const char *address)
{
	return t->ahead != NULL && text_equal(t->ahead->free, address) &&
	       is_fresh(t->ahead->asked_at);
}

/* Others may have read it meanwhile; theirs is as good. */
static void note(struct ahead_domains *d, const struct domain *found)
{
	if (d->count < AHEAD_DOMAINS && find(d, found->name) == NULL)
		d->items[d->count++] = *found;
}

bool ahead_domain(const struct gateway *g, const struct task *t,
		  const char *name, struct domain *ret, struct err *e)
{
	struct ahead_domains *d = t->ahead != NULL ? t->ahead->domains : NULL;
	struct task own = *t;
	struct revision rev;

	if (!ahead_domains_are_fresh(d))
		return g->store->ops->get(g->store, t, KIND_DOMAIN, name, ret,
					  &rev, e);
	const struct domain *known = find(d, name);
	if (known != NULL) {
		*ret = *known;
		return true;
	}
	own.arena = d->arena;
	if (!g->store->ops->get(g->store, &own, KIND_DOMAIN, name, ret, &rev,
				e))
		return false;
	note(d, ret);
	return true;
}
