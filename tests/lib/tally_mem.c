#include "tests/lib/tally_mem.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/domain.h"
#include "core/tally.h"
#include "core/user.h"
#include "tests/lib/store_mem_parts.h"
#include "util/text.h"

struct counted {
	struct counted *next;
	const char *domain, *of;
	struct tally has;
	unsigned guard, mark;
};

static const struct field fields[] = {FIELD(struct tally, users),
				      FIELD(struct tally, aliases),
				      FIELD(struct tally, quota_bytes)};

static int64_t *at(size_t i, struct tally *of)
{
	return field_at(fields[i], of);
}

static int64_t of(size_t i, const struct tally *tally)
{
	return *(const int64_t *)field_in(fields[i], tally);
}

static struct counted *find(struct store_mem *s, const char *domain)
{
	struct counted *c = s->tallies;

	while (c != NULL && strcmp(c->domain, domain) != 0)
		c = c->next;
	return c;
}

struct tally *tally_mem_of(struct store *port, const char *domain)
{
	struct counted *c = find(store_mem_self(port), domain);

	if (c == NULL)
		return NULL;
	c->guard++; /* it may be written */
	return &c->has;
}

static bool written(struct store_mem *s, struct counted *c)
{
	c->guard++;
	s->writes++;
	return true;
}

static struct tally count_there(struct store_mem *s, const char *domain)
{
	struct tally n = {0};

	for (const struct item *it = s->items; it != NULL; it = it->next) {
		const struct user *u = it->record;

		if (it->plan != NULL || !kind_is_address(it->kind) ||
		    strcmp(address_domain(store_mem_key(it)), domain) != 0)
			continue;
		n.users += it->kind == KIND_USER;
		n.aliases += it->kind == KIND_ALIAS;
		if (it->kind == KIND_USER && u->quota_bytes > 0)
			n.quota_bytes += u->quota_bytes;
	}
	return n;
}

/* There, with a counter for each limit. */
static struct counted *prepare(struct store_mem *s, const char *domain,
			       const char *id, const struct tally *limits)
{
	struct counted *c = find(s, domain);
	struct tally there = count_there(s, domain);
	bool other = c == NULL || !text_equal(c->of, id);

	if (c == NULL) {
		c = arena_alloc(s->arena, sizeof(*c));
		c->domain = arena_strdup(s->arena, domain);
		c->mark = ++s->marks;
		c->next = s->tallies;
		s->tallies = c;
	}
	c->of = arena_strdup(s->arena, id);
	for (size_t i = 0; i < COUNT(fields); i++) {
		bool wanted = of(i, limits) != NUMBER_NONE;

		if (other || (wanted && of(i, &c->has) == NUMBER_NONE))
			*at(i, &c->has) = wanted ? of(i, &there) : NUMBER_NONE;
	}
	return c;
}

static bool reserve(struct store *port, const struct task *t,
		    const char *domain, const char *id,
		    const struct tally *limits, const struct tally *more,
		    struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	if (!store_mem_is_up(s, e))
		return false;
	struct counted *c = prepare(s, domain, id, limits);
	if (!tally_admits(domain, &c->has, more, limits, t->arena, e))
		return false;
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (of(i, limits) != NUMBER_NONE && of(i, more) > 0)
			*at(i, &c->has) += of(i, more);
	}
	return written(s, c);
}

static bool mark(struct store *port, const struct task *t, const char *domain,
		 const char **ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	const struct counted *c = find(s, domain);

	*ret = c != NULL ? arena_printf(t->arena, "%u", c->mark) : NULL;
	return store_mem_is_up(s, e);
}

static bool release(struct store *port, const struct task *t,
		    const char *domain, const char *only,
		    const struct tally *less, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct counted *c = find(s, domain);

	if (!store_mem_is_up(s, e))
		return false;
	if (c == NULL ||
	    (only != NULL &&
	     strcmp(only, arena_printf(t->arena, "%u", c->mark)) != 0))
		return true;
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (of(i, less) > 0 && of(i, &c->has) >= of(i, less))
			*at(i, &c->has) -= of(i, less);
	}
	return written(s, c);
}

static void drop(struct store_mem *s, struct counted *gone)
{
	struct counted **p = &s->tallies;

	while (*p != gone)
		p = &(*p)->next;
	*p = gone->next;
	s->writes++;
}

static bool forget(struct store *port, const struct task *t, const char *domain,
		   const char *id, const struct tally *which, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct counted *c = find(s, domain);

	(void)t;
	if (!store_mem_is_up(s, e))
		return false;
	if (c == NULL || !text_equal(c->of, id))
		return true;
	if (which == NULL) {
		drop(s, c);
		return true;
	}
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (of(i, which) != 0)
			*at(i, &c->has) = NUMBER_NONE;
	}
	return written(s, c);
}

static void correct(struct counted *c, const struct tally *limits,
		    const struct tally *there, struct recount *ret)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		bool limited = of(i, limits) != NUMBER_NONE;
		int64_t has = of(i, &c->has), is = of(i, there);

		if (has == NUMBER_NONE || (limited && is == has) ||
		    (!ret->settled && (!limited || is < has)))
			continue;
		*at(i, &c->has) = limited ? is : NUMBER_NONE;
		ret->mended = true;
	}
	c->guard += ret->mended;
}

static bool recount(struct store *port, const struct task *t,
		    const char *domain, const char *settled,
		    struct recount *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct counted *c = find(s, domain);
	const struct item *it = store_mem_find(s, KIND_DOMAIN, domain);
	const struct domain *d = it != NULL ? it->record : NULL;

	*ret = (struct recount){0};
	if (!store_mem_is_up(s, e))
		return false;
	if (c == NULL)
		return true;
	ret->guard = arena_printf(t->arena, "%u", c->guard);
	ret->settled = text_equal(settled, ret->guard);
	const struct tally limits =
		d != NULL ? tally_limits(d) : (struct tally){0};
	if (d == NULL || !text_equal(d->id, c->of) ||
	    !tally_is_limited(&limits)) {
		if (ret->settled)
			drop(s, c);
		if (ret->settled)
			ret->guard = NULL;
		return true;
	}
	const struct tally there = count_there(s, domain);
	correct(c, &limits, &there, ret);
	if (ret->settled && ret->mended) {
		c->mark = ++s->marks;
		ret->guard = NULL;
	}
	return true;
}

static int by_name(const void *one, const void *other)
{
	const char *const *a = one, *const *b = other;

	return strcmp(*a, *b);
}

static bool tallied(struct store *port, const struct task *t, const char *after,
		    size_t limit, struct text_list *ret, bool *more,
		    struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	size_t n = 0;

	if (!store_mem_is_up(s, e))
		return false;
	for (const struct counted *c = s->tallies; c != NULL; c = c->next)
		n++;
	ret->items = arena_alloc(t->arena, (n + 1) * sizeof(*ret->items));
	ret->count = 0;
	for (const struct counted *c = s->tallies; c != NULL; c = c->next) {
		if (after == NULL || strcmp(c->domain, after) > 0)
			ret->items[ret->count++] = c->domain;
	}
	qsort(ret->items, ret->count, sizeof(*ret->items), by_name);
	*more = ret->count > limit;
	ret->count = *more ? limit : ret->count;
	return true;
}

static bool no_log(struct store *port, const struct task *t, const char *since,
		   struct writes *ret, struct err *e)
{
	(void)t, (void)since;
	*ret = (struct writes){0};
	return store_mem_is_up(store_mem_self(port), e);
}

const struct store_ops tally_mem = {
	.reserve = reserve,
	.mark = mark,
	.release = release,
	.forget = forget,
	.recount = recount,
	.tallied = tallied,
	.written = no_log,
};
