#include "core/obstacle.h"

#include "util/text.h"

bool obstacle_taken(const struct gateway *g, const struct task *t, enum kind k,
		    const char *key, struct err *e)
{
	static const enum kind kinds[] = {KIND_DOMAIN, KIND_USER, KIND_ALIAS,
					  KIND_PRINCIPAL};
	struct err why = *e;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct kind_rules *r = kind_rules(kinds[i]);
		void *there = arena_alloc(t->arena, r->size);
		struct revision rev;
		struct err none = {0};

		if ((kinds[i] != k &&
		     !(kind_is_address(k) && kind_is_address(kinds[i]))) ||
		    !g->store->ops->get(g->store, t, kinds[i], key, there, &rev,
					&none))
			continue;
		err_set(&why, ERR_EXISTS, "%s exists already (%s)", key,
			r->noun);
		why.conflicts_with =
			arena_printf(t->arena, "%s%s", r->path, key);
		*e = why;
		return false;
	}
	/* Who sees everything has met somebody who just took it away again. */
	bool all = false;
	struct err none = {0};
	if (!g->store->ops->is_super_administrator(g->store, t, &all, &none)) {
		*e = none;
		return false;
	}
	return all ? err_set(e, ERR_EXISTS, "%s exists already", key)
		   : err_set(e, ERR_DENIED, "you may not create %s", key);
}

void obstacle_counts(const struct gateway *g, const struct task *t,
		     const char *domain, struct err *e)
{
	struct tally n = {0};
	struct err why = {0};

	if (!g->store->ops->count(g->store, t, domain, &n, &why)) {
		err_code(e, ERR_CONFLICT, "not_empty",
			 "%s is not empty (not counted: %s)", domain, why.text);
		return;
	}
	const struct err_count counts[] = {{"users", n.users},
					   {"aliases", n.aliases},
					   {NULL, 0}};
	e->counts = arena_copy(t->arena, counts, sizeof(counts));
	err_code(e, ERR_CONFLICT, "not_empty",
		 "%s is not empty; it has %lld users and %lld aliases", domain,
		 (long long)n.users, (long long)n.aliases);
}
