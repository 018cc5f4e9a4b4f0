#include "tests/lib/journal_mem.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/plan.h"
#include "tests/lib/store_mem_parts.h"
#include "util/clock.h"
#include "util/text.h"

enum { PLANS_MAX = 16 };

struct journal_mem {
	struct journal port;
	struct store_mem *store;
	struct plan plans[PLANS_MAX];
	size_t count;
	unsigned clock;

	/* Of the plan that has them: one at a time is enough. */
	const char *works_of, *login;
	const struct work *works;
	size_t work_count;
};

static struct journal_mem *self(struct journal *j)
{
	return (struct journal_mem *)j;
}

static const char *copy(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

static struct plan copy_plan(struct arena *a, const struct plan *p)
{
	struct plan to = *p;
	const char **names =
		arena_alloc(a, (p->names.count + 1) * sizeof(*names));
	struct step *steps = arena_alloc(a, (p->count + 1) * sizeof(*steps));

	to.id = copy(a, p->id);
	to.state = copy(a, p->state);
	to.caller = copy(a, p->caller);
	to.holder = copy(a, p->holder);
	to.guard = copy(a, p->guard);
	for (size_t i = 0; i < p->names.count; i++)
		names[i] = copy(a, p->names.items[i]);
	to.names.items = names;
	for (size_t i = 0; i < p->count; i++)
		steps[i] = (struct step){copy(a, p->steps[i].verb),
					 copy(a, p->steps[i].kind),
					 copy(a, p->steps[i].key),
					 copy(a, p->steps[i].to),
					 copy(a, p->steps[i].id)};
	to.steps = steps;
	to.works = NULL;
	to.work_count = 0;
	return to;
}

static struct plan *find(struct journal_mem *j, const char *id)
{
	for (size_t i = 0; i < j->count; i++) {
		if (strcmp(j->plans[i].id, id) == 0)
			return &j->plans[i];
	}
	return NULL;
}

static bool claims(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->names.count; i++) {
		if (strcmp(p->names.items[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_claimed(struct journal *port, const struct task *t,
		       const char *name, bool *ret, struct err *e)
{
	struct journal_mem *j = self(port);
	const char *domain = address_domain(name);

	(void)t;
	*ret = false;
	for (size_t i = 0; i < j->count; i++)
		*ret = *ret || claims(&j->plans[i], name) ||
		       (domain != NULL && claims(&j->plans[i], domain));
	return store_mem_is_up(j->store, e);
}

static bool any_claimed(struct journal *port, const struct task *t,
			const struct text_list *addresses, bool *ret,
			struct err *e)
{
	bool one = false;

	*ret = false;
	for (size_t i = 0; i < addresses->count; i++) {
		if (!is_claimed(port, t, addresses->items[i], &one, e))
			return false;
		*ret = *ret || one;
	}
	return true;
}

/* Into its place, with a new guard, which p gets, too. */
static void put(struct journal_mem *j, const struct task *t, struct plan *to,
		struct plan *p)
{
	p->guard = arena_printf(t->arena, "%u", ++j->clock);
	p->written = clock_now();
	*to = copy_plan(j->store->arena, p);
}

static bool write_plan(struct journal *port, const struct task *t,
		       struct plan *p, struct err *e)
{
	struct journal_mem *j = self(port);
	bool lost, taken = false;

	if (find(j, p->id) != NULL)
		return err_set(e, ERR_EXISTS, "there is one");
	for (size_t i = 0; i < p->names.count; i++) {
		for (size_t n = 0; n < j->count; n++)
			taken = taken ||
				claims(&j->plans[n], p->names.items[i]);
		if (taken)
			return err_set(e, ERR_CONFLICT, "a name is in use");
	}
	if (!store_mem_fate(j->store, &lost, e))
		return false;
	if (j->count == PLANS_MAX)
		abort();
	put(j, t, &j->plans[j->count++], p);
	return store_mem_lost(lost, e);
}

static bool update(struct journal *port, const struct task *t, struct plan *p,
		   struct err *e)
{
	struct journal_mem *j = self(port);
	struct plan *there = find(j, p->id);
	bool lost;

	if (!store_mem_is_up(j->store, e))
		return false;
	if (there == NULL || !text_equal(there->guard, p->guard))
		return err_set(e, ERR_CHANGED, "somebody wrote it");
	if (!store_mem_fate(j->store, &lost, e))
		return false;
	put(j, t, there, p);
	return store_mem_lost(lost, e);
}

static bool remove_plan(struct journal *port, const struct task *t,
			const char *id, struct err *e)
{
	struct journal_mem *j = self(port);
	struct plan *there = find(j, id);
	bool lost;

	(void)t;
	if (!store_mem_is_up(j->store, e))
		return false;
	if (there == NULL)
		return true;
	if (!store_mem_fate(j->store, &lost, e))
		return false;
	*there = j->plans[--j->count];
	return store_mem_lost(lost, e);
}

static bool read_plan(struct journal *port, const struct task *t,
		      const char *id, struct plan *ret, struct err *e)
{
	struct journal_mem *j = self(port);
	const struct plan *there = find(j, id);

	if (!store_mem_is_up(j->store, e))
		return false;
	if (there == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no %s", id);
	*ret = copy_plan(t->arena, there);
	return true;
}

static bool list_plans(struct journal *port, const struct task *t,
		       struct plan **ret, size_t *count, struct err *e)
{
	struct journal_mem *j = self(port);

	*ret = arena_alloc(t->arena, PLANS_MAX * sizeof(**ret));
	*count = 0;
	for (size_t i = 0; i < j->count; i++) {
		if (j->plans[i].count > 0 && j->plans[i].expires == NULL)
			(*ret)[(*count)++] = copy_plan(t->arena, &j->plans[i]);
	}
	return store_mem_is_up(j->store, e);
}

static bool purge(struct journal *port, const struct task *t, const char *id,
		  unsigned limit, bool *more, struct err *e)
{
	struct journal_mem *j = self(port);
	struct item **at = &j->store->items;

	(void)t;
	*more = false;
	while (*at != NULL) {
		bool lost;

		if (!text_equal((*at)->plan, id)) {
			at = &(*at)->next;
			continue;
		}
		if (limit-- == 0) {
			*more = true;
			return true;
		}
		if (!store_mem_fate(j->store, &lost, e))
			return false;
		*at = (*at)->next;
		if (lost)
			return store_mem_lost(lost, e);
	}
	return store_mem_is_up(j->store, e);
}

static bool write_works(struct journal *port, const struct task *t,
			const struct plan *p, struct err *e)
{
	struct journal_mem *j = self(port);
	bool lost;

	(void)t;
	if (!store_mem_is_up(j->store, e) ||
	    !store_mem_fate(j->store, &lost, e))
		return false;
	j->works_of = copy(j->store->arena, p->id);
	j->login = copy(j->store->arena, p->login);
	j->works = p->works;
	j->work_count = p->work_count;
	return store_mem_lost(lost, e);
}

static bool read_works(struct journal *port, const struct task *t,
		       struct plan *p, struct err *e)
{
	struct journal_mem *j = self(port);

	(void)t;
	if (!store_mem_is_up(j->store, e))
		return false;
	if (!text_equal(j->works_of, p->id))
		return err_set(e, ERR_NOT_FOUND, "%s has none", p->id);
	p->login = j->login;
	p->works = j->works;
	p->work_count = j->work_count;
	return true;
}

static bool count_jobs(struct journal *port, const struct task *t,
		       const char *caller, size_t *ret, struct err *e)
{
	struct journal_mem *j = self(port);

	(void)t;
	*ret = 0;
	for (size_t i = 0; i < j->count; i++)
		*ret += j->plans[i].job != NULL &&
			j->plans[i].expires == NULL &&
			text_equal(j->plans[i].caller, caller);
	return store_mem_is_up(j->store, e);
}

static bool forget_jobs(struct journal *port, const struct task *t,
			const char *now, bool *more, struct err *e)
{
	struct journal_mem *j = self(port);
	size_t i = 0;

	*more = false;
	while (i < j->count) {
		const struct plan *p = &j->plans[i];

		if (p->expires == NULL || strcmp(p->expires, now) > 0)
			i++;
		else if (!remove_plan(port, t, p->id, e))
			return false;
	}
	return store_mem_is_up(j->store, e);
}

static bool retired_any(struct journal *port, const struct task *t,
			const char *id, const char *domain, bool *ret,
			struct err *e)
{
	struct journal_mem *j = self(port);

	(void)t;
	*ret = false;
	for (struct item *it = j->store->items; it != NULL; it = it->next)
		*ret = *ret ||
		       (text_equal(it->plan, id) && it->along &&
			text_equal(address_domain(store_mem_key(it)), domain));
	return store_mem_is_up(j->store, e);
}

static const struct journal_ops ops = {
	.write = write_plan,
	.update = update,
	.remove = remove_plan,
	.read = read_plan,
	.list = list_plans,
	.is_claimed = is_claimed,
	.any_claimed = any_claimed,
	.purge = purge,
	.write_works = write_works,
	.read_works = read_works,
	.count_jobs = count_jobs,
	.forget_jobs = forget_jobs,
	.retired_any = retired_any,
};

struct journal *journal_mem_open(struct store *s)
{
	struct journal_mem *j = calloc(1, sizeof(*j));

	if (j == NULL)
		abort();
	j->port.ops = &ops;
	j->store = store_mem_self(s);
	return &j->port;
}

void journal_mem_close(struct journal **j)
{
	free(*j);
	*j = NULL;
}

unsigned journal_mem_count(struct journal *j)
{
	return (unsigned)self(j)->count;
}

unsigned journal_mem_unfinished(struct journal *port)
{
	struct journal_mem *j = self(port);
	unsigned n = 0;

	for (size_t i = 0; i < j->count; i++)
		n += j->plans[i].expires == NULL;
	return n;
}

unsigned journal_mem_retired(struct journal *j)
{
	unsigned count = 0;

	for (const struct item *it = self(j)->store->items; it != NULL;
	     it = it->next)
		count += it->plan != NULL;
	return count;
}
