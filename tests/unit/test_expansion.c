#include "core/expansion.h"

#include "tests/lib/tap.h"

enum { HOPS = 12100 };

static struct arena *arena;
static const struct signpost entry = {.enabled = true};

/* A web: who leads to whom, by number. */
static struct hop *web(size_t count)
{
	struct hop *hops = arena_alloc(arena, count * sizeof(*hops));

	for (size_t i = 0; i < count; i++)
		hops[i].address = arena_printf(arena, "%zu", i);
	return hops;
}

static void lead(struct hop *from, struct hop *to)
{
	struct text_list list = {arena_alloc(arena, (from->leads_to.count + 1) *
							    sizeof(char *)),
				 from->leads_to.count + 1};
	struct hop **next = arena_alloc(arena, list.count * sizeof(*next));

	for (size_t i = 0; i + 1 < list.count; i++) {
		list.items[i] = from->leads_to.items[i];
		next[i] = from->next[i];
	}
	list.items[list.count - 1] = to->address;
	next[list.count - 1] = to;
	from->leads_to = list;
	from->next = next;
	from->post = &entry;
}

static const char *outcome(struct hop *root)
{
	const struct expansion x = expansion_of(arena, root);

	OK((x.refused == NULL) == (x.detail == NULL), "a word and its words");
	return x.refused != NULL ? x.refused : "fine";
}

static struct hop *chain(size_t length, bool mailbox)
{
	struct hop *hops = web(length + 1);

	for (size_t i = 0; i < length; i++)
		lead(&hops[i], &hops[i + 1]);
	if (mailbox)
		hops[length].post = &entry;
	return hops;
}

static void chains(void)
{
	IS(outcome(chain(0, false)), "fine", "an address elsewhere");
	IS(outcome(chain(0, true)), "fine", "a mailbox");
	IS(outcome(chain(19, false)), "fine", "19 aliases to elsewhere");
	IS(outcome(chain(20, false)), "too_deep", "20");
	IS(outcome(chain(19, true)), "fine", "19 to a mailbox");
	IS(outcome(chain(20, true)), "too_deep", "20");
	/* Two that are one lookup. */
	struct hop *hops = chain(20, true);
	hops[0].passes = true;
	IS(outcome(hops), "fine", "an alias domain is no step of its own");
	/* Only what comes first of several goes on counting. */
	hops = chain(30, true);
	struct hop *leaf = web(1);
	for (size_t i = 0; i < 30; i++) {
		struct hop fork = {.address = hops[i].address};

		lead(&fork, leaf);
		lead(&fork, &hops[i + 1]);
		hops[i].leads_to = fork.leads_to;
		hops[i].next = fork.next;
	}
	IS(outcome(hops), "fine", "30 steps, each the second of two");
}

static void circles(void)
{
	struct hop *hops = chain(3, false);

	lead(&hops[2], &hops[0]);
	IS(outcome(hops), "too_many", "a circle with a way out grows");
	hops = chain(2, false);
	lead(&hops[2], &hops[0]);
	expansion_walk(arena, hops);
	IS(hops[2].back, "0", "a circle closes here");
	OK(hops[0].back == NULL && hops[1].back == NULL, "and only here");
	IS(outcome(hops), "too_deep", "a circle never ends");
	hops = web(2);
	lead(&hops[0], &hops[0]);
	lead(&hops[0], &hops[1]);
	expansion_walk(arena, hops);
	OK(hops[0].back == NULL, "a copy for oneself is no circle");
	IS(outcome(hops), "fine", "and is kept");
	hops = web(4); /* a diamond */
	lead(&hops[0], &hops[1]);
	lead(&hops[0], &hops[2]);
	lead(&hops[1], &hops[3]);
	lead(&hops[2], &hops[3]);
	expansion_walk(arena, hops);
	OK(hops[0].back == NULL && hops[2].back == NULL,
	   "two ways to one address are no circle");
}

static void sizes(void)
{
	struct hop *hops = web(HOPS);

	for (size_t i = 1; i <= RESOLVE_EXPANSION; i++)
		lead(&hops[0], &hops[i]);
	IS(outcome(hops), "fine", "12,000 addresses");
	lead(&hops[0], &hops[RESOLVE_EXPANSION + 1]);
	IS(outcome(hops), "too_many", "12,001");
	hops = chain(HOPS - 1, false);
	expansion_walk(arena, hops);
	OK(hops[0].back == NULL, "a long way is walked without a deep stack");
	hops = web(2);
	lead(&hops[0], &hops[1]);
	hops[0].next[0] = NULL;
	IS(outcome(hops), "fine", "what was not followed is left out");
}

int main(void)
{
	arena = arena_new();
	chains();
	circles();
	sizes();
	arena_free(arena);
	return tap_done();
}
