#include "tests/contract/dkim_contract.h"

#include "core/domain.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/instant.h"

enum { PATIENCE = 30000, CROWD = 110, LATE = 500 };

static const char *ago(struct arena *a, int64_t seconds)
{
	char *text = arena_alloc(a, INSTANT_SIZE);

	instant_text(text, clock_seconds() - seconds);
	return text;
}

static void add_domain(const struct contract *c, const struct task *t)
{
	struct domain d = domain_defaults;
	struct revision rev;
	struct err e = {0};

	d.name = "keys.example";
	kind_rules(KIND_DOMAIN)->complete(&d, t->arena);
	OK(c->store->ops->add(c->store, t, KIND_DOMAIN, &d, &rev, &e),
	   "a domain");
}

static bool add(struct dkim_ring *r, const struct task *t, const char *selector,
		const char *due)
{
	struct dkim_key k = dkim_defaults;
	struct revision rev;
	struct err e = {0};

	k.domain = "keys.example";
	k.selector = selector;
	k.type = DKIM_ED25519;
	k.due_at = due;
	return r->ops->add(r, t, DKIM_AS_GATEWAY, &k, &rev, &e);
}

/* Whom slapd finds last has waited for longest. */
static void longest_first(struct dkim_ring *r, const struct task *t)
{
	struct arena *a = t->arena;
	struct dkim_list found;
	struct err e = {0};
	size_t added = 0;

	for (unsigned i = 0; i < CROWD; i++)
		added += add(r, t, arena_printf(a, "s%u", i), ago(a, 1));
	added += add(r, t, "late", ago(a, LATE));
	added += add(r, t, "later", ago(a, (int64_t)LATE * LATE));
	added += add(r, t, "early", ago(a, -LATE));
	NUMBER(added, CROWD + 3, "more keys are due than are taken at a time");
	OK(r->ops->due(r, t, ago(a, 0), &found, &e) && found.count > 2 &&
		   found.count < CROWD,
	   "some of them are");
	IS(found.items[0].selector, "later", "what has been due for longest");
	IS(found.items[1].selector, "late", "and then for long comes first");
	for (size_t i = 0; i < found.count; i++) {
		if (strcmp(found.items[i].selector, "early") == 0 ||
		    found.seen[i].guard == NULL)
			OK(false, "what is not due is not found");
	}
}

int dkim_contract(const struct contract *c, struct dkim_ring *r)
{
	struct arena *a = arena_new();
	const struct task t = {.arena = a,
			       .caller = c->admin,
			       .deadline = clock_now() + PATIENCE};

	add_domain(c, &t);
	longest_first(r, &t);
	arena_free(a);
	return tap_done();
}
