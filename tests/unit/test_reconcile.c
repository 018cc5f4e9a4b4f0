#include "core/reconcile.h"

#include <string.h>

#include "core/domain.h"
#include "core/tally.h"
#include "tests/lib/records.h"
#include "tests/lib/tally_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"

enum { NEVER = 1000000000 };

static struct world *w;
static struct store_ops ops; /* the store's, with a log */
static struct reconcile r;
static const char *told;  /* by the log, the next time */
static const char *asked; /* from where it was read */
static unsigned looks;
static const bool go_on, stop = true;

static bool written(struct store *s, const struct task *t, const char *since,
		    struct writes *ret, struct err *e)
{
	const char **items = arena_alloc(t->arena, sizeof(*items));

	(void)s, (void)e;
	asked = since != NULL ? arena_strdup(t->arena, since) : NULL;
	*ret = (struct writes){.known = true,
			       .reached =
				       arena_printf(t->arena, "%u", ++looks)};
	items[0] = told;
	ret->domains = (struct text_list){items, told != NULL};
	told = NULL;
	return true;
}

/* A domain that may have so many users, and seems to have as many. */
static void make(const char *name, int64_t may, int64_t has)
{
	struct domain d = domain_defaults;
	struct revision rev;
	struct err e = {0};

	d.name = name;
	d.max_users = may;
	const struct tally none = {0}, limits = {may, NUMBER_NONE, NUMBER_NONE};
	if (!provision_create(&w->gateway, &w->admin, KIND_DOMAIN, &d, &rev,
			      &e) ||
	    !ops.reserve(w->store, &w->admin, name, d.id, &limits, &none, &e))
		OK(false, e.text);
	tally_mem_of(w->store, name)->users = has;
}

static void look(int64_t settle, const bool *end)
{
	struct err e = {0};

	w->gateway.settle_millis = settle;
	OK(reconcile_look(&r, &w->gateway, &w->admin, end, &e), "a look");
}

/* Counters are asked for by a copy, because looking changes the guard. */
static int64_t users(const char *name)
{
	return tally_mem_of(w->store, name)->users;
}

static void add(const char *address)
{
	struct user u = user_defaults;
	struct revision rev;
	struct err e = {0};

	u.address = address;
	user_complete(&u, w->arena);
	OK(ops.add(w->store, &w->admin, KIND_USER, &u, &rev, &e), address);
}

static void round_of_all(void)
{
	make("high.example", 9, 5);
	make("low.example", 9, 0);
	add("a@low.example");
	add("b@low.example");
	look(NEVER, &stop);
	OK(users("low.example") == 0, "who is to stop counts nothing");
	look(NEVER, &go_on);
	OK(users("low.example") == 2 && users("high.example") == 5,
	   "what is too low is raised, and what may be under way stays");
	look(NEVER, &go_on);
	OK(users("high.example") == 5, "as long as it may be");
	look(NEVER, &go_on); /* sees the guards as they are now */
	NUMBER(r.count, 2, "both are watched");
}

static void settling(void)
{
	look(0, &go_on);
	look(0, &go_on);
	look(0, &go_on);
	NUMBER(r.count, 0, "when all is settled nothing is left to watch");
	OK(users("low.example") == 2 && users("high.example") == 0,
	   "and all is as it is");
}

static void reading(void)
{
	tally_mem_of(w->store, "high.example")->users = 7;
	add("c@low.example");
	look(0, &go_on);
	OK(users("low.example") == 2, "what the log does not tell is not seen");
	told = "low.example";
	look(NEVER, &go_on);
	OK(users("low.example") == 3, "what it tells is counted at once");
	OK(users("high.example") == 7, "and nothing else");
	OK(asked != NULL &&
		   strcmp(asked, arena_printf(w->arena, "%u", looks - 2)) == 0,
	   "what the last look read is read once more");
	told = "none.example";
	look(0, &go_on);
	look(0, &go_on);
	look(0, &go_on);
	NUMBER(r.count, 0, "what is not counted is not watched");
}

static void anew(void)
{
	r = (struct reconcile){0};
	for (int i = 0; i < 4; i++)
		look(0, &go_on);
	OK(users("high.example") == 0, "at the beginning all are counted");
	r.round -= RECONCILE_ROUND;
	tally_mem_of(w->store, "high.example")->users = 7;
	for (int i = 0; i < 4; i++)
		look(0, &go_on);
	OK(users("high.example") == 0, "and again and again");
}

static void trouble(void)
{
	struct err e = {0};

	told = "high.example";
	store_mem_down(w->store, true);
	OK(!reconcile_look(&r, &w->gateway, &w->admin, &go_on, &e) &&
		   e.kind == ERR_UNAVAILABLE,
	   "a store that is down");
	store_mem_down(w->store, false);
	tally_mem_of(w->store, "high.example")->users = 7;
	for (int i = 0; i < 4; i++)
		look(0, &go_on);
	OK(users("high.example") == 0, "keeps nothing from being counted");
}

static unsigned listed;

/* One name at a time, of as many as one likes. */
static bool tallied(struct store *s, const struct task *t, const char *after,
		    size_t limit, struct text_list *ret, bool *more,
		    struct err *e)
{
	const char **name = arena_alloc(t->arena, sizeof(*name));

	(void)s, (void)after, (void)limit, (void)e;
	*name = arena_printf(t->arena, "n%u.example", listed++);
	*ret = (struct text_list){name, 1};
	*more = true;
	return true;
}

/* The names of very many are read now and then, not at each look. */
static void many(void)
{
	r = (struct reconcile){0};
	ops.tallied = tallied;
	for (int i = 0; i < 5; i++)
		look(0, &go_on);
	NUMBER(listed, 1, "some are put down, and then it rests");
	r.listed -= 60000;
	look(0, &go_on);
	NUMBER(listed, 2, "before the next");
}

int main(void)
{
	w = world_open();
	ops = *w->store->ops;
	ops.written = written;
	w->store->ops = &ops;
	round_of_all();
	settling();
	reading();
	anew();
	trouble();
	many();
	world_close(&w);
	return tap_done();
}
