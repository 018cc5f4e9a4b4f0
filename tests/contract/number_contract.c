#include "tests/contract/number_contract.h"

#include "core/alias.h"
#include "core/domain.h"
#include "loop/fiber.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/text.h"

enum { PATIENCE = 30000, RECORDS = 4, ASKING = 3, ROUNDS = 15, BLOCK = 66 };

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

	if (!s->ops->number(s, &t, KIND_ALIAS, one->key, NULL, NUMBER_NONE,
			    &one->number, &one->err))
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

/* The number of a record or, with `part`, of a destination; 0: none. */
static int64_t number_of(const struct contract *c, struct arena *a, enum kind k,
			 const char *key, const char *part, int64_t asked)
{
	struct task t = admins(c, a);
	struct err e = {0};
	int64_t n;

	if (c->store->ops->number(c->store, &t, k, key, part, asked, &n, &e))
		return n;
	printf("# %s %s: %s\n", key, part != NULL ? part : "", e.text);
	return 0;
}

/* What it stands for, in one word; NULL: nothing. */
static const char *stands_for(const struct contract *c, struct arena *a,
			      enum kind k, int64_t number, bool part)
{
	struct task t = admins(c, a);
	const char *key, *to = "";
	struct err e = {0};

	if (!c->store->ops->numbered(c->store, &t, k, number, &key,
				     part ? &to : NULL, &e))
		return NULL;
	return arena_join(a, key, part ? " " : "", to, NULL);
}

static void lead(const struct contract *c, struct arena *a, const char *key,
		 const char *const *to, size_t count)
{
	struct alias old = alias_defaults, now;
	struct revision seen, rev;
	struct task t = admins(c, a);
	struct err e = {0};

	if (!c->store->ops->get(c->store, &t, KIND_ALIAS, key, &old, &seen, &e))
		OK(false, e.text);
	now = old;
	now.destinations =
		(struct text_list){arena_copy(a, to, count * sizeof(*to)),
				   count};
	if (!c->store->ops->change(c->store, &t, KIND_ALIAS, &old, &now, &seen,
				   &rev, &e))
		OK(false, e.text);
}

/* Each destination has its own, as long as it is one. */
static void rows(const struct contract *c, struct arena *a)
{
	static const char *const first[] = {"x@else.example", "y@else.example"},
				 *const then[] = {"y@else.example",
						  "z@else.example"};
	const char *key = add_alias(c, a, 9000);
	const enum kind k = KIND_ALIAS;

	lead(c, a, key, first, COUNT(first));
	int64_t x = number_of(c, a, k, key, first[0], NUMBER_NONE);
	int64_t y = number_of(c, a, k, key, first[1], NUMBER_NONE);
	OK(x > 0 && y > 0 && x != y, "each destination has a number");
	NUMBER(number_of(c, a, k, key, first[0], NUMBER_NONE), x, "it stays");
	IS(stands_for(c, a, k, x, true),
	   arena_join(a, key, " x@else.example", NULL), "it is found by it");
	OK(stands_for(c, a, k, x, false) == NULL, "which is not its alias's");
	lead(c, a, key, then, COUNT(then));
	OK(stands_for(c, a, k, x, true) == NULL,
	   "what is no destination is found no more");
	NUMBER(number_of(c, a, k, key, then[1], x), x,
	       "a number may go over to another destination");
	NUMBER(number_of(c, a, k, key, then[0], NUMBER_NONE), y,
	       "others keep theirs");
	const char *other = add_alias(c, a, 9001);
	NUMBER(number_of(c, a, k, other, first[0], x), 0,
	       "but to no other alias, as long as it is given");
	lead(c, a, key, then, 1);
	NUMBER(number_of(c, a, k, key, "", NUMBER_NONE), NUMBER_NONE,
	       "what is no destination loses its number");
	NUMBER(number_of(c, a, k, other, first[0], x), x, "which is free then");
}

/* Clients name what they make. */
static void asked(const struct contract *c, struct arena *a)
{
	const char *one = add_alias(c, a, 9100), *other = add_alias(c, a, 9101),
		   *third = add_alias(c, a, 9102);
	const enum kind k = KIND_ALIAS;

	NUMBER(number_of(c, a, k, one, NULL, 100000), 100000, "as asked for");
	IS(stands_for(c, a, k, 100000, false), one, "it is found by that");
	NUMBER(number_of(c, a, k, one, NULL, 100001), 100000,
	       "it is given once");
	NUMBER(number_of(c, a, k, other, NULL, 100000), 0,
	       "nobody else gets it");
	NUMBER(number_of(c, a, k, other, NULL, INT64_C(1) << 31), 0,
	       "nor one that a client of 32 bits cannot hold");
	NUMBER(number_of(c, a, k, other, NULL, 250000), 0,
	       "nor one far beyond all that were given");
	NUMBER(number_of(c, a, k, other, NULL, INT32_MAX), 0, "be it the last");
	int64_t next = number_of(c, a, k, third, NULL, NUMBER_NONE);
	OK(next > 0 && next < 200000, "others are given as before");
	OK(number_of(c, a, k, other, NULL, NUMBER_NONE) > 0 &&
		   stands_for(c, a, k, 100001, false) == NULL,
	   "what was refused has left nothing");
}

static bool read_roster(const struct contract *c, struct arena *a,
			const struct roster_query *q, struct roster *ret)
{
	struct task t = admins(c, a);
	struct err e = {0};

	if (c->store->ops->roster(c->store, &t, q, ret, &e))
		return true;
	OK(false, e.text);
	return false;
}

/* Page by page, each row once, in the order of the numbers. */
static void roster(const struct contract *c, struct arena *a)
{
	struct roster_query q = {.kind = KIND_ALIAS,
				 .domain = "numbers.example",
				 .limit = 7};
	struct roster r = {0};
	size_t seen = 0, total;
	int64_t last = 0;
	bool good = true;

	do {
		q.offset = seen;
		if (!read_roster(c, a, &q, &r))
			return;
		total = r.total;
		for (size_t i = 0; i < r.count; i++) {
			good = good && r.rows[i].number > last &&
			       r.rows[i].record == NULL;
			last = r.rows[i].number;
			seen++;
		}
	} while (r.count > 0);
	OK(good,
	   "rows come by their numbers; of aliases they are all there is");
	NUMBER(seen, total, "each of them once, first seen or not");
	q = (struct roster_query){.kind = KIND_ALIAS,
				  .key = "a9000@numbers.example",
				  .backwards = true,
				  .limit = 7};
	if (read_roster(c, a, &q, &r))
		NUMBER(r.total, 1, "those of one record alone");
	q = (struct roster_query){.kind = KIND_ALIAS,
				  .destination = "y@else.example",
				  .limit = 7};
	if (read_roster(c, a, &q, &r))
		NUMBER(r.total, 1, "those that lead somewhere");
}

int number_contract(const struct contract *c)
{
	/* Of those who ask for the same record each may draw a number, and
	 * they are taken by the block. */
	bool seen[RECORDS * ASKING * ROUNDS + BLOCK] = {false};
	struct arena *a = arena_new();
	struct domain d = domain_defaults;
	unsigned good = 0;

	d.name = "numbers.example";
	add(c, a, KIND_DOMAIN, &d);
	for (unsigned i = 0; i < ROUNDS; i++)
		good += run_round(c, a, i, seen, COUNT(seen));
	NUMBER(good, ROUNDS, "one number for each record, whoever asks first");
	rows(c, a);
	asked(c, a);
	roster(c, a);
	arena_free(a);
	return tap_done();
}
