#include "core/verdict.h"

#include "core/resolve.h"

/* Destinations of some aliases, to be asked for together. */
struct batch {
	struct text_list addresses;
	struct alias *owners[RESOLVE_REACH_MAX];
	enum reach reach[RESOLVE_REACH_MAX];
};

static bool judge(const struct gateway *g, const struct task *t,
		  struct batch *b, struct err *e)
{
	if (b->addresses.count > 0 &&
	    !resolve_reach(g, t, &b->addresses, b->reach, e))
		return false;
	for (size_t i = 0; i < b->addresses.count; i++) {
		struct alias *al = b->owners[i];

		al->exterior = al->exterior || b->reach[i] == REACH_OUTSIDE;
		al->ok = al->ok && b->reach[i] != REACH_NOBODY;
	}
	b->addresses.count = 0;
	return true;
}

bool verdict_of(const struct gateway *g, const struct task *t,
		struct alias *aliases, size_t count, struct err *e)
{
	struct batch *b = arena_alloc(t->arena, sizeof(*b));

	b->addresses.items =
		arena_alloc(t->arena, RESOLVE_REACH_MAX * sizeof(char *));
	for (size_t i = 0; i < count; i++) {
		struct alias *al = &aliases[i];

		al->exterior = false;
		al->ok = true;
		for (size_t d = 0; d < al->destinations.count; d++) {
			if (b->addresses.count == RESOLVE_REACH_MAX &&
			    !judge(g, t, b, e))
				return false;
			b->owners[b->addresses.count] = al;
			b->addresses.items[b->addresses.count++] =
				al->destinations.items[d];
		}
	}
	return judge(g, t, b, e);
}
