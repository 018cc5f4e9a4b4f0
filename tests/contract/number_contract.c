#include "tests/contract/number_contract.h"

#include "core/alias.h"
#include "core/domain.h"
#include "loop/fiber.h"
#include "tests/lib/tap.h"
#include "util/clock.h"

enum { PATIENCE = 30000, RECORDS = 4, ASKING = 3, ROUNDS = 15 };

/* One of several who ask for the number of the same record. */
struct asking {
	const struct contract *con;
	struct arena *arena;
	const char *key;
	int64_t number;
	struct err err;
	unsigned *left;
};

static struct task admins(const struct contract *c, struct arena *a)
{
	return (struct task){.arena = a,
			     .caller = c->admin,
			     .deadline = clock_now() + PATIENCE};
}

static void ask(void *ctx)
{
	struct asking *one = ctx;
	struct store *s = one->con->store;
	struct task t = admins(one->con, one->arena);

	if (!s->ops->number(s, &t, KIND_ALIAS, one->key, &one->number,
			    &one->err))
		one->number = 0;
	--*one->left;
}

static void add(const struct contract *c, struct arena *a, enum kind k,
		void *record)
{
	struct task t = admins(c, a);
	struct revision rev;
	struct err e = {0};

	kind_rules(k)->complete(record, a);
	if (!c->store->ops->add(c->store, &t, k, record, &rev, &e))
		OK(false, e.text);
}

static const char *add_alias(const struct contract *c, struct arena *a,
			     unsigned number)
{
	static const char *to[] = {"x@else.example"};
	struct alias al = alias_defaults;

	al.address = arena_printf(a, "a%u@numbers.example", number);
	al.destinations = (struct text_list){to, 1};
	add(c, a, KIND_ALIAS, &al);
	return al.address;
}

/* Whether all who asked for one record got the same number, and one that nobody
 * got before. */
static bool one_each(const struct asking *all, bool seen[], size_t room)
{
	for (size_t i = 0; i < (size_t)RECORDS * ASKING; i++) {
		const struct asking *first = &all[i - i % ASKING];
		int64_t n = all[i].number;

		if (n <= 0 || (size_t)n >= room || n != first->number ||
		    (i % ASKING == 0 && seen[n])) {
			printf("# %s: %lld %s\n", all[i].key, (long long)n,
			       all[i].err.text);
			return false;
		}
		seen[n] = true;
	}
	return true;
}

static bool run_round(const struct contract *c, struct arena *a, unsigned round,
		      bool seen[], size_t room)
{
	enum { ALL = RECORDS * ASKING };
	struct asking *all = arena_alloc(a, ALL * sizeof(*all));
	unsigned left = ALL;

	for (size_t i = 0; i < ALL; i++)
		all[i] = (struct asking){.con = c, .arena = a, .left = &left};
	for (unsigned i = 0; i < RECORDS; i++) {
		const char *key = add_alias(c, a, round * RECORDS + i);

		for (unsigned j = 0; j < ASKING; j++)
			all[i * ASKING + j].key = key;
	}
	for (size_t i = 0; i < ALL; i++) {
		if (!fiber_start(fiber_loop(), ask, &all[i]))
			return false;
	}
	while (left > 0)
		fiber_sleep(1);
	return one_each(all, seen, room);
}

int number_contract(const struct contract *c)
{
	/* Of those who ask for the same record each may draw a number. */
	bool seen[RECORDS * ASKING * ROUNDS + 2] = {false};
	struct arena *a = arena_new();
	struct domain d = domain_defaults;
	unsigned good = 0;

	d.name = "numbers.example";
	add(c, a, KIND_DOMAIN, &d);
	for (unsigned i = 0; i < ROUNDS; i++)
		good += run_round(c, a, i, seen, COUNT(seen));
	NUMBER(good, ROUNDS, "one number for each record, whoever asks first");
	arena_free(a);
	return tap_done();
}
