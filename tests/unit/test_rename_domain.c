#include "core/rename_domain.h"

#include "core/alias.h"
#include "core/plan.h"
#include "core/user.h"
#include "tests/lib/store_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/clock.h"
#include "util/text.h"

enum {
	WRITES_MOST = 100,
	PATIENCE = 60000,
	HASTE = 1530 /* milliseconds; a request lets go 1500 before the end */
};

static struct world *w;

static void begin(void)
{
	w = world_open();
	world_domain(w, "else.example", NULL);
	world_domain(w, "brand.example", "example.org");
	world_alias(w, "@example.org", "bob@example.org", NULL);
	world_alias(w, "both@else.example", "ann@example.org", "x@far.example");
}

static bool get(enum kind k, const char *key, void *ret)
{
	struct revision rev;
	struct err e = {0};

	return w->store->ops->get(w->store, &w->admin, k, key, ret, &rev, &e);
}

static bool is_there(enum kind k, const char *key)
{
	char room[512];

	return get(k, key, room);
}

static const char *leads(const char *address)
{
	struct alias al;

	return get(KIND_ALIAS, address, &al) ? al.destinations.items[0]
					     : "nowhere";
}

static const char *target(const char *name)
{
	struct domain d;

	return !get(KIND_DOMAIN, name, &d) ? "gone"
	       : d.target == NULL          ? "none"
					   : d.target;
}

static bool rename_as(const struct task *as, const char *from, const char *to,
		      bool keep, bool *left, struct err *e)
{
	struct domain wanted = {.name = to}, got;
	const struct field f = FIELD(struct domain, name);
	const struct patch p = {.record = &wanted,
				.fields = &f,
				.count = 1,
				.keep_key = keep};
	struct revision rev;

	*e = (struct err){0};
	bool good =
		rename_domain(&w->gateway, as, from, &p, NULL, &got, &rev, e);
	*left = good && got.target != NULL;
	return good;
}

/* What fails is not tried again for long. */
static bool rename_once(bool keep, int64_t patience, bool *left, struct err *e)
{
	struct task t = w->admin;

	t.deadline = clock_now() + patience;
	return rename_as(&t, "example.org", "New.Example", keep, left, e);
}

static void resume_all(void)
{
	struct plan *plans;
	size_t count = 0;
	struct err e = {0};

	store_mem_trouble(w->store, 0, STORE_MEM_DIES_BEFORE);
	store_mem_down(w->store, false);
	w->journal->ops->list(w->journal, &w->admin, &plans, &count, &e);
	for (size_t i = 0; i < count; i++)
		plan_resume(&w->gateway, &w->admin, &plans[i], NULL, &e);
}

static bool is_renamed(bool kept)
{
	return is_there(KIND_USER, "ann@new.example") &&
	       is_there(KIND_USER, "bob@new.example") &&
	       !is_there(KIND_USER, "ann@example.org") &&
	       text_equal(leads("sales@new.example"), "ann@new.example") &&
	       text_equal(leads("both@else.example"), "ann@new.example") &&
	       text_equal(leads("@new.example"), "bob@new.example") &&
	       text_equal(target("new.example"), "none") &&
	       text_equal(target("brand.example"), "new.example") &&
	       text_equal(target("example.org"),
			  kept ? "new.example" : "gone") &&
	       text_equal(leads("@example.org"),
			  kept ? "bob@new.example" : "nowhere");
}

static bool is_as_before(void)
{
	return is_there(KIND_USER, "ann@example.org") &&
	       is_there(KIND_ALIAS, "sales@example.org") &&
	       text_equal(leads("both@else.example"), "ann@example.org") &&
	       text_equal(target("example.org"), "none") &&
	       text_equal(target("new.example"), "gone");
}

static void renames(bool keep)
{
	struct err e;
	bool left;

	begin();
	OK(rename_once(keep, PATIENCE, &left, &e) && !left,
	   "a domain is renamed");
	OK(is_renamed(keep), "with all its addresses, and what names them");
	OK(journal_mem_unfinished(w->journal) == 0, "the journal is empty");
	world_close(&w);
}

static const struct {
	const char *from, *to;
	enum err_kind kind;
	const char *what;
} refused[] = {
	{"example.org", "else.example", ERR_EXISTS, "a name that is taken"},
	{"example.org", "nodots", ERR_INVALID, "no name"},
	{"example.org",
	 "a-very-long-name-of-more-than-forty-seven-characters.example",
	 ERR_INVALID, "one too long for addresses"},
	{"brand.example", "new.example", ERR_CONFLICT, "an alias domain"},
	{"none.example", "new.example", ERR_NOT_FOUND, "what is not there"},
};

static void refusals(void)
{
	struct domain two = {.name = "new.example", .description = "x"}, got;
	const struct field f[] = {FIELD(struct domain, name),
				  FIELD(struct domain, description)};
	const struct patch p = {.record = &two, .fields = f, .count = 2};
	struct revision rev;
	struct err e = {0};
	bool left;

	begin();
	for (size_t i = 0; i < COUNT(refused); i++) {
		unsigned writes = store_mem_writes(w->store);

		OK(!rename_as(&w->admin, refused[i].from, refused[i].to, true,
			      &left, &e) &&
			   e.kind == refused[i].kind,
		   refused[i].what);
		OK(writes == store_mem_writes(w->store) &&
			   journal_mem_unfinished(w->journal) == 0,
		   "and nothing was done");
	}
	OK(!rename_domain(&w->gateway, &w->admin, "example.org", &p, NULL, &got,
			  &rev, &e) &&
		   e.kind == ERR_INVALID,
	   "a name together with something else");
	OK(!rename_as(&w->ann, "example.org", "new.example", true, &left, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "who does not see it is told nothing");
	store_mem_administrator(w->store, "ann@example.org");
	OK(!rename_as(&w->ann, "example.org", "new.example", true, &left, &e) &&
		   text_equal(e.code, "own_address"),
	   "who is in it does not rename it");
	world_close(&w);
}

static bool is_under_way(bool good, const struct err *e)
{
	return !good && text_equal(e->code, "under_way");
}

/* Others find a claim on the whole domain, and we one on an address in it. */
static void claims(void)
{
	const char *names[] = {"example.org", "new.example"};
	const char *one[] = {"ann@example.org"};
	const struct step step = {STEP_RELEASE, "user", "x", NULL, NULL};
	struct plan p = {.id = "other",
			 .state = PLAN_RUNNING,
			 .steps = &step,
			 .count = 1,
			 .names = {names, COUNT(names)}};
	struct user u = user_defaults;
	struct revision rev;
	struct err e = {0};
	bool left;

	begin();
	w->journal->ops->write(w->journal, &w->admin, &p, &e);
	u.address = "new@example.org";
	OK(is_under_way(provision_create(&w->gateway, &w->admin, KIND_USER, &u,
					 &rev, &e),
			&e),
	   "nobody comes into it meanwhile");
	e = (struct err){0};
	OK(is_under_way(rename_as(&w->admin, "example.org", "third.example",
				  true, &left, &e),
			&e),
	   "nor renamed once more");
	w->journal->ops->remove(w->journal, &w->admin, "other", &e);
	p.names = (struct text_list){one, 1};
	w->journal->ops->write(w->journal, &w->admin, &p, &e);
	OK(is_under_way(rename_as(&w->admin, "example.org", "new.example", true,
				  &left, &e),
			&e),
	   "while one of its addresses is being renamed it waits");
	OK(is_as_before(), "and nothing was done");
	world_close(&w);
}

static bool describe(const char *name, struct err *e)
{
	struct domain d = {.description = "x"};
	const struct field f = FIELD(struct domain, description);
	const struct patch p = {.record = &d, .fields = &f, .count = 1};
	struct revision rev;

	return provision_change(&w->gateway, &w->admin, KIND_DOMAIN, name, &p,
				NULL, &d, &rev, e);
}

/* No time is left for what takes long: it has begun all the same. */
static void hurried(void)
{
	struct task t;
	struct err e;
	bool left = false;

	begin();
	t = w->admin;
	t.deadline = clock_now();
	OK(rename_as(&t, "example.org", "new.example", true, &left, &e) && left,
	   "a client is told that it goes on without him");
	OK(text_equal(target("new.example"), "example.org") &&
		   text_equal(target("example.org"), "new.example"),
	   "each stands in for the other");
	OK(is_under_way(describe("example.org", &e), &e), "it is not changed");
	e = (struct err){0};
	OK(is_under_way(world_remove(&w->gateway, &w->admin, KIND_DOMAIN,
				     "new.example", false, NULL, &e),
			&e),
	   "nor removed");
	resume_all();
	OK(is_renamed(true) && journal_mem_unfinished(w->journal) == 0,
	   "and it is done");
	world_close(&w);
}

/* Die at every write there is: afterwards all is done, or nothing. */
static void die(enum store_mem_trouble how, bool keep)
{
	unsigned done = 0, undone = 0, bad = 0, fuse = 0;
	bool good, left;
	struct err e;

	do {
		begin();
		store_mem_trouble(w->store, ++fuse, how);
		good = rename_once(keep, HASTE, &left, &e);
		resume_all();
		bool whole = is_renamed(keep);
		done += whole;
		undone += is_as_before();
		bad += (!whole && !is_as_before()) || (good && !whole) ||
		       journal_mem_unfinished(w->journal) > 0;
		world_close(&w);
	} while (!(good && !left) && fuse < WRITES_MOST);
	printf("# %u writes: %u done, %u not\n", fuse, done, undone);
	OK(bad == 0 && fuse > 12 && done > 10, "it is whole or nothing");
}

int main(void)
{
	renames(true);
	renames(false);
	refusals();
	claims();
	hurried();
	die(STORE_MEM_DIES_BEFORE, true);
	die(STORE_MEM_DIES_AFTER, true);
	die(STORE_MEM_DIES_BEFORE, false);
	die(STORE_MEM_DIES_AFTER, false);
	return tap_done();
}
