#include "core/listing.h"

#include <string.h>

#include "core/verdict.h"
#include "util/clock.h"

enum {
	ROUND = QUERY_LIMIT_MAX,     /* that are looked at at once */
	ROUNDS_MAX = 5,              /* that are looked through for a page */
	DESTINATIONS_A_PAGE = 10000, /* that are judged in a round, about */
	KEPT_BYTES = 8 << 20,        /* of a page, about */
	LEAVE = 1500, /* milliseconds before the deadline a page ends */
};

static bool read_page(const struct gateway *g, const struct task *t,
		      const struct query *q, struct page *ret, struct err *e)
{
	if (g->store->ops->list(g->store, t, q, ret, e))
		return true;
	return e->kind == ERR_NOT_FOUND && q->domain == NULL
		       ? err_set(e, ERR_DENIED, "you may not list all of them")
		       : false;
}

/* A page of very large aliases is a short one. */
static void shorten(struct page *p)
{
	const struct alias *aliases = (const struct alias *)p->records;
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (count > DESTINATIONS_A_PAGE) {
			p->count = i;
			p->more = true;
			p->last = NULL;
			return;
		}
		count += aliases[i].destinations.count;
	}
}

static bool judge(const struct gateway *g, const struct task *t, struct page *p,
		  struct err *e)
{
	shorten(p);
	struct alias *aliases =
		arena_copy(t->arena, p->records, p->count * sizeof(*aliases));
	p->records = (const char *)aliases;
	return verdict_of(g, t, aliases, p->count, e);
}

/* A page that is being put together of those of several rounds. */
struct sieve {
	const struct query *q;
	struct arena *arena; /* of what is kept */
	struct alias *kept;
	size_t count;
	const char *last; /* that was looked at */
	bool more;
};

static const char *copied(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

/* What else it consists of are constants. */
static struct alias copy_of(struct arena *a, const struct alias *from)
{
	struct alias al = *from;
	const char **texts[] = {&al.address,   &al.description, &al.expires_at,
				&al.id,        &al.created_at,  &al.updated_at,
				&al.local_part};

	for (size_t i = 0; i < COUNT(texts); i++)
		*texts[i] = copied(a, *texts[i]);
	al.destinations.items =
		arena_alloc(a, (al.destinations.count + 1) * sizeof(char *));
	for (size_t i = 0; i < al.destinations.count; i++)
		al.destinations.items[i] =
			arena_strdup(a, from->destinations.items[i]);
	return al;
}

static void keep(struct sieve *s, const struct page *p)
{
	const struct alias *aliases = (const struct alias *)p->records;
	size_t i = 0;

	for (; i < p->count && s->count < s->q->limit; i++) {
		if (aliases[i].ok == *s->q->ok)
			s->kept[s->count++] = copy_of(s->arena, &aliases[i]);
	}
	if (i > 0)
		s->last = arena_strdup(s->arena, aliases[i - 1].address);
	if (i == p->count && p->more && p->last != NULL)
		s->last = arena_strdup(s->arena, p->last);
	s->more = p->more || i < p->count;
}

/* What is only looked at is forgotten after the round. */
static bool sift_once(const struct gateway *g, const struct task *t,
		      struct sieve *s, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct query next = *s->q;
	struct task own = *t;
	struct page p = {0};

	own.arena = a;
	next.limit = ROUND;
	if (s->last != NULL)
		next.after = s->last;
	if (!read_page(g, &own, &next, &p, e) || !judge(g, &own, &p, e))
		return false;
	keep(s, &p);
	return true;
}

/* Time runs out: what there is so far is a page, if a short one. */
static bool is_late(const struct task *t, int64_t round)
{
	return clock_now() + 2 * round + LEAVE > t->deadline;
}

static bool sift(const struct gateway *g, const struct task *t,
		 const struct query *q, struct page *ret, struct err *e)
{
	struct sieve s = {.q = q,
			  .arena = t->arena,
			  .kept = arena_alloc(t->arena,
					      q->limit * sizeof(*s.kept)),
			  .more = true};
	size_t used = arena_used(t->arena);
	int64_t began = clock_now(), took = 0;

	for (unsigned i = 0; i < ROUNDS_MAX && s.more && s.count < q->limit &&
			     arena_used(t->arena) - used < KEPT_BYTES &&
			     (i == 0 || !is_late(t, took));
	     i++) {
		if (!sift_once(g, t, &s, e)) {
			if (s.last == NULL || e->kind != ERR_TIMEOUT)
				return false;
			err_clear(e);
			break;
		}
		took = clock_now() - began;
		began += took;
	}
	*ret = (struct page){(const char *)s.kept, s.count, s.more, s.last};
	return true;
}

bool listing(const struct gateway *g, const struct task *t,
	     const struct query *q, struct page *ret, struct err *e)
{
	if (q->kind == KIND_ALIAS && q->ok != NULL)
		return sift(g, t, q, ret, e);
	return read_page(g, t, q, ret, e) &&
	       (q->kind != KIND_ALIAS || judge(g, t, ret, e));
}
