#include "core/ahead.h"

#include "core/journal.h"
#include "core/store.h"
#include "tests/lib/tap.h"
#include "util/clock.h"

static bool claimed, named, down;
static unsigned reads;

static bool any_claimed(struct journal *j, const struct task *t,
			const struct text_list *addresses, bool *ret,
			struct err *e)
{
	(void)j, (void)t, (void)addresses;
	*ret = claimed;
	return !down || err_set(e, ERR_UNAVAILABLE, "down");
}

static bool any_named(struct store *s, const struct task *t,
		      const struct text_list *addresses, bool *any,
		      struct err *e)
{
	(void)s, (void)t, (void)addresses, (void)e;
	*any = named;
	return true;
}

static bool get(struct store *s, const struct task *t, enum kind k,
		const char *key, void *ret, struct revision *rev, struct err *e)
{
	struct domain *d = ret;

	(void)s, (void)k, (void)rev;
	reads++;
	if (down)
		return err_set(e, ERR_UNAVAILABLE, "down");
	*d = (struct domain){.name = arena_strdup(t->arena, key)};
	return true;
}

static const struct journal_ops journal_ops = {.any_claimed = any_claimed};
static const struct store_ops store_ops = {.any_named = any_named, .get = get};
static struct journal journal = {.ops = &journal_ops};
static struct store store = {.ops = &store_ops};
static const struct gateway gateway = {.journal = &journal, .store = &store};

static void names(struct task *t)
{
	const char *items[] = {"a@x.example"};
	const struct text_list list = {items, 1};
	struct ahead ahead = {.free = items[0], .asked_at = clock_now()};

	OK(ahead_are_free(&gateway, t, &list), "nothing is in the way");
	named = true;
	OK(!ahead_are_free(&gateway, t, &list), "but a role");
	named = false;
	claimed = true;
	OK(!ahead_are_free(&gateway, t, &list), "or a plan");
	claimed = false;
	down = true;
	OK(!ahead_are_free(&gateway, t, &list),
	   "or nobody who could tell: that is not known");
	down = false;
	OK(!ahead_is_free(t, "a@x.example"), "without asking nothing is known");
	t->ahead = &ahead;
	OK(ahead_is_free(t, "a@x.example"), "what was asked is");
	OK(!ahead_is_free(t, "b@x.example"), "of that address alone");
	ahead.asked_at -= AHEAD_MILLIS;
	OK(!ahead_is_free(t, "a@x.example"), "and for a moment");
}

static void domains(struct task *t)
{
	struct ahead ahead = {.domains = ahead_domains_new()};
	struct ahead_domains *other = ahead_domains_keep(ahead.domains);
	struct domain d;
	struct err e = {0};

	t->ahead = &ahead;
	down = true;
	OK(!ahead_domain(&gateway, t, "x.example", &d, &e) &&
		   e.kind == ERR_UNAVAILABLE,
	   "what cannot be read is not known");
	down = false;
	reads = 0;
	OK(ahead_domain(&gateway, t, "x.example", &d, &e) &&
		   ahead_domain(&gateway, t, "x.example", &d, &e) && reads == 1,
	   "a domain is read once");
	OK(ahead_domain(&gateway, t, "y.example", &d, &e) && reads == 2,
	   "each of them");
	ahead_domains_let_go(&other);
	OK(ahead_domain(&gateway, t, "x.example", &d, &e) && reads == 2,
	   "they stay for who has them");
	ahead_domains_let_go(&ahead.domains);
	OK(ahead.domains == NULL &&
		   ahead_domain(&gateway, t, "x.example", &d, &e) && reads == 3,
	   "and without them it is read each time");
}

int main(void)
{
	struct arena *a = arena_new();
	struct task t = {.arena = a};

	names(&t);
	domains(&t);
	arena_free(a);
	return tap_done();
}
