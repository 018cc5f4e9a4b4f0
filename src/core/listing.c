#include "core/listing.h"

#include <string.h>

#include "core/verdict.h"

enum {
	ROUNDS_MAX = 20,            /* pages that are looked through for one */
	DESTINATIONS_A_PAGE = 10000 /* that are judged, about */
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

/* A page that is being put together of those of several. */
struct sieve {
	const struct query *q;
	struct alias *kept;
	size_t count;
	const char *last; /* that was looked at */
	bool more;
};

static void keep(struct sieve *s, const struct page *p)
{
	const struct alias *aliases = (const struct alias *)p->records;
	size_t i = 0;

	for (; i < p->count && s->count < s->q->limit; i++) {
		s->last = aliases[i].address;
		if (aliases[i].ok == *s->q->ok)
			s->kept[s->count++] = aliases[i];
	}
	s->more = p->more || i < p->count;
}

static bool sift(const struct gateway *g, const struct task *t,
		 const struct query *q, struct page *ret, struct err *e)
{
	struct sieve s = {.q = q,
			  .kept = arena_alloc(t->arena,
					      q->limit * sizeof(*s.kept)),
			  .more = true};
	struct query next = *q;

	for (unsigned i = 0; i < ROUNDS_MAX && s.more && s.count < q->limit;
	     i++) {
		struct page p = {0};

		if (!read_page(g, t, &next, &p, e) || !judge(g, t, &p, e))
			return false;
		keep(&s, &p);
		next.after = s.last;
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
