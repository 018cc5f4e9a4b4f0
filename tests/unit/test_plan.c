#include "core/plan.h"

#include "core/alias.h"
#include "core/rearrange.h"
#include "core/user.h"
#include "tests/lib/store_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/clock.h"
#include "util/text.h"

static struct world *w;

static void begin(void)
{
	w = world_open();
	world_domain(w, "else.example", NULL);
	world_alias(w, "both@else.example", "ann@example.org", "x@far.example");
	world_alias(w, "only@else.example", "ann@example.org", NULL);
}

static bool is_there(enum kind k, const char *key)
{
	char room[512];
	struct revision rev;
	struct err e = {0};

	return w->store->ops->get(w->store, &w->admin, k, key, room, &rev, &e);
}

/* What an alias leads to, in one line. */
static const char *leads(const char *address)
{
	struct alias al;
	struct revision rev;
	struct err e = {0};
	const char *text = "";

	if (!w->store->ops->get(w->store, &w->admin, KIND_ALIAS, address, &al,
				&rev, &e))
		return "nothing";
	for (size_t i = 0; i < al.destinations.count; i++)
		text = arena_printf(w->arena, "%s%s%s", text, i > 0 ? " " : "",
				    al.destinations.items[i]);
	return text;
}

static bool rename_ann(const char *to, bool keep, struct err *e)
{
	struct user wanted = {.address = to}, got;
	const struct field f = FIELD(struct user, address);
	const struct patch p = {&wanted, &f, 1, keep, NULL};
	struct task t = w->admin;
	struct revision rev;

	*e = (struct err){0};
	t.deadline = clock_now(); /* no second try */
	return provision_change(&w->gateway, &t, KIND_USER, "ann@example.org",
				&p, NULL, &got, &rev, e);
}

static bool remove_domain(struct err *e)
{
	struct task t = w->admin;

	*e = (struct err){0};
	t.deadline = clock_now();
	return world_remove(&w->gateway, &t, KIND_DOMAIN, "example.org", true,
			    NULL, e);
}

/* What the steward does with what is left in the journal. */
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

static bool is_renamed(const char *to)
{
	return is_there(KIND_USER, to) &&
	       !is_there(KIND_USER, "ann@example.org") &&
	       !is_there(KIND_ALIAS, "ann@example.org") &&
	       strcmp(leads("only@else.example"), to) == 0 &&
	       strcmp(leads("sales@example.org"), to) == 0;
}

static bool is_as_before(void)
{
	return is_there(KIND_USER, "ann@example.org") &&
	       strcmp(leads("only@else.example"), "ann@example.org") == 0 &&
	       strcmp(leads("sales@example.org"), "ann@example.org") == 0;
}

static void renames(void)
{
	struct err e;

	begin();
	OK(rename_ann("Anna@Example.org", false, &e), "a user is renamed");
	OK(is_renamed("anna@example.org"), "with all that leads to her");
	IS(leads("both@else.example"), "anna@example.org x@far.example",
	   "one of several");
	OK(journal_mem_count(w->journal) == 0, "the journal is empty");
	world_close(&w);

	begin();
	OK(rename_ann("anna@example.org", true, &e) &&
		   strcmp(leads("ann@example.org"), "anna@example.org") == 0,
	   "the old address may stay");
	world_close(&w);
}

static const struct {
	const char *to;
	enum err_kind kind;
	const char *what;
} refused[] = {
	{"bob@example.org", ERR_EXISTS, "a user has it"},
	{"sales@example.org", ERR_EXISTS, "an alias has it"},
	{"ann@closed.example", ERR_INVALID, "another domain"},
	{"a nn@example.org", ERR_INVALID, "no address"},
	{"@example.org", ERR_INVALID, "a catch-all"},
};

/* He would lose his rights on the way. */
static void oneself(void)
{
	struct user wanted = {.address = "anna@example.org"}, got;
	const struct field f = FIELD(struct user, address);
	const struct patch p = {&wanted, &f, 1, false, NULL};
	struct revision rev;
	struct err e = {0};

	store_mem_administrator(w->store, "ann@example.org");
	OK(!provision_change(&w->gateway, &w->ann, KIND_USER, "ann@example.org",
			     &p, NULL, &got, &rev, &e) &&
		   e.kind == ERR_CONFLICT,
	   "an administrator does not rename himself");
}

static void refusals(void)
{
	begin();
	oneself();
	for (size_t i = 0; i < COUNT(refused); i++) {
		unsigned writes = store_mem_writes(w->store);
		struct err e;

		OK(!rename_ann(refused[i].to, false, &e) &&
			   e.kind == refused[i].kind,
		   refused[i].what);
		OK(is_as_before() && writes == store_mem_writes(w->store) &&
			   journal_mem_count(w->journal) == 0,
		   "and nothing was done");
	}
	world_close(&w);
}

/* Two at once: the second is refused while the first is under way. */
static void claims(void)
{
	const char *names[] = {"ann@example.org"};
	struct plan p = {.id = "other",
			 .state = PLAN_RUNNING,
			 .names = {names, 1}};
	struct user u = user_defaults;
	struct revision rev;
	struct err e = {0};

	begin();
	w->journal->ops->write(w->journal, &w->admin, &p, &e);
	OK(!rename_ann("anna@example.org", false, &e) && e.kind == ERR_CONFLICT,
	   "what is under way already");
	IS(e.code, "under_way", "says so");
	u.address = "ann@example.org";
	e = (struct err){0};
	OK(!provision_create(&w->gateway, &w->admin, KIND_USER, &u, &rev, &e) &&
		   e.kind == ERR_CONFLICT,
	   "nobody can have such an address");
	w->journal->ops->remove(w->journal, &w->admin, "other", &e);
	OK(rename_ann("anna@example.org", false, &e), "afterwards it can be");
	world_close(&w);
}

static void removals(void)
{
	struct err e;

	begin();
	OK(remove_domain(&e), "a domain with what is in it");
	OK(!is_there(KIND_DOMAIN, "example.org") &&
		   !is_there(KIND_USER, "ann@example.org") &&
		   !is_there(KIND_ALIAS, "sales@example.org"),
	   "is gone");
	IS(leads("both@else.example"), "x@far.example",
	   "nothing leads there any more");
	IS(leads("only@else.example"), "nothing",
	   "what would lead nowhere is gone, too");
	OK(journal_mem_count(w->journal) == 0 &&
		   journal_mem_retired(w->journal) == 0,
	   "nothing is left of it");
	OK(!remove_domain(&e) && e.kind == ERR_NOT_FOUND, "once");
	world_domain(w, "example.org", NULL);
	OK(is_there(KIND_DOMAIN, "example.org"), "it can be made anew");
	world_close(&w);
}

static void create_many(void)
{
	begin();
	for (int i = 0; i < 700; i++)
		world_alias(w, arena_printf(w->arena, "a%d@example.org", i),
			    "x@far.example", NULL);
}

/* No time is left for what takes long. */
static void hurried(void)
{
	struct err e;

	create_many();
	OK(!remove_domain(&e) && e.kind == ERR_UNKNOWN &&
		   is_there(KIND_DOMAIN, "example.org"),
	   "nobody is kept waiting beyond his deadline");
	resume_all();
	OK(!is_there(KIND_DOMAIN, "example.org") &&
		   journal_mem_count(w->journal) == 0,
	   "and it is done all the same");
	world_close(&w);
}

/* More than a request clears away by itself. */
static void large(void)
{
	struct task t;
	struct err e = {0};

	create_many();
	t = w->admin;
	t.deadline = clock_now() + 60000;
	OK(world_remove(&w->gateway, &t, KIND_DOMAIN, "example.org", true, NULL,
			&e),
	   "a large domain");
	OK(!is_there(KIND_DOMAIN, "example.org"), "is gone at once");
	OK(journal_mem_retired(w->journal) > 0 &&
		   journal_mem_count(w->journal) == 1,
	   "some is left for the steward");
	world_domain(w, "example.org", NULL);
	OK(is_there(KIND_DOMAIN, "example.org"), "nobody has to wait for that");
	resume_all();
	OK(journal_mem_retired(w->journal) == 0 &&
		   journal_mem_count(w->journal) == 0 &&
		   is_there(KIND_DOMAIN, "example.org"),
	   "who clears away the old one and spares the new");
	world_close(&w);
}

/* Die at every write there is: afterwards all is done, or nothing. */
static void die_renaming(enum store_mem_trouble how)
{
	unsigned done = 0, undone = 0, bad = 0, fuse = 0;
	struct err e;

	do {
		begin();
		store_mem_trouble(w->store, ++fuse, how);
		bool good = rename_ann("anna@example.org", false, &e);
		bool told = good || e.kind == ERR_UNKNOWN ||
			    e.kind == ERR_UNAVAILABLE;
		resume_all();
		bool whole = is_renamed("anna@example.org");
		done += whole;
		undone += is_as_before();
		bad += (!whole && !is_as_before()) || !told ||
		       (good && !whole) ||
		       (e.kind == ERR_UNAVAILABLE && whole) ||
		       journal_mem_count(w->journal) > 0;
		world_close(&w);
		if (good)
			break;
	} while (fuse < 100);
	printf("# %u writes: %u done, %u not\n", fuse, done, undone);
	OK(bad == 0 && fuse > 8 && done > 0, "a rename is whole or nothing");
}

static bool domain_is_whole(void)
{
	return is_there(KIND_DOMAIN, "example.org") &&
	       is_there(KIND_USER, "ann@example.org") &&
	       is_there(KIND_ALIAS, "sales@example.org");
}

static bool domain_is_gone(void)
{
	return !is_there(KIND_DOMAIN, "example.org") &&
	       !is_there(KIND_USER, "ann@example.org") &&
	       !is_there(KIND_ALIAS, "sales@example.org") &&
	       !is_there(KIND_ALIAS, "only@else.example");
}

static void die_removing(enum store_mem_trouble how)
{
	unsigned bad = 0, fuse = 0, done = 0;
	struct err e;

	do {
		begin();
		store_mem_trouble(w->store, ++fuse, how);
		bool good = remove_domain(&e);
		store_mem_down(w->store, false);
		/* At the point of the crash no part of it is there alone. */
		bad += !domain_is_whole() && !domain_is_gone();
		resume_all();
		done += domain_is_gone();
		bad += (!domain_is_whole() && !domain_is_gone()) ||
		       (good && !domain_is_gone()) ||
		       journal_mem_count(w->journal) > 0 ||
		       journal_mem_retired(w->journal) > 0;
		world_close(&w);
		if (good && fuse > 12)
			break;
	} while (fuse < 100);
	printf("# %u writes, %u done\n", fuse, done);
	OK(bad == 0 && fuse > 8 && done > 0, "a removal is whole or nothing");
}

/* A step that is refused for good after others were done. */
static void stuck(void)
{
	const struct step steps[] = {{STEP_RELINK, "user", "ann@example.org",
				      "bob@example.org", NULL},
				     {"levitate", "user", "ann@example.org",
				      NULL, NULL}};
	const char *names[] = {"ann@example.org"};
	struct plan p = {.names = {names, 1}, .steps = steps, .count = 2},
		    *plans;
	size_t count = 0;
	struct err e = {0};

	begin();
	OK(!plan_run(&w->gateway, &w->admin, &p, &e) && e.kind == ERR_UNKNOWN,
	   "a plan that cannot go on");
	e = (struct err){0};
	w->journal->ops->list(w->journal, &w->admin, &plans, &count, &e);
	OK(count == 1 && strcmp(plans[0].state, PLAN_STUCK) == 0 &&
		   plans[0].position == 1 && plans[0].holder == NULL &&
		   plans[0].names.count == 0,
	   "stays in the journal, says so, and claims nothing");
	world_close(&w);
}

static void take_over(void)
{
	const struct step steps[] = {{STEP_RELINK, "user", "ann@example.org",
				      "bob@example.org", NULL}};
	struct plan p = {.id = "left",
			 .state = PLAN_RUNNING,
			 .caller = "admin",
			 .steps = steps,
			 .count = 1},
		    first, second;
	struct err e = {0};

	begin();
	w->journal->ops->write(w->journal, &w->admin, &p, &e);
	w->journal->ops->read(w->journal, &w->admin, "left", &first, &e);
	second = first;
	OK(plan_resume(&w->gateway, &w->admin, &first, NULL, &e),
	   "one takes it over");
	IS(leads("only@else.example"), "bob@example.org", "and does it");
	OK(!plan_resume(&w->gateway, &w->admin, &second, NULL, &e) &&
		   e.kind == ERR_CHANGED,
	   "the other is too late");
	world_close(&w);
}

/* A plan of a newer gateway: this one does not know its first verb. */
static void newer(void)
{
	const struct step steps[] = {{"levitate", "user", "ann@example.org",
				      NULL, NULL},
				     {STEP_RELINK, "user", "ann@example.org",
				      "bob@example.org", NULL}};
	const char *names[] = {"ann@example.org"};
	struct plan p = {.id = "newer",
			 .state = PLAN_RUNNING,
			 .caller = "admin",
			 .names = {names, 1},
			 .steps = steps,
			 .count = 2},
		    there;
	struct err e = {0};

	begin();
	w->journal->ops->write(w->journal, &w->admin, &p, &e);
	w->journal->ops->read(w->journal, &w->admin, "newer", &there, &e);
	OK(!plan_is_known(&there) &&
		   !plan_resume(&w->gateway, &w->admin, &there, NULL, &e) &&
		   e.kind == ERR_INTERNAL,
	   "what a newer gateway wrote is not carried out");
	w->journal->ops->read(w->journal, &w->admin, "newer", &p, &e);
	OK(journal_mem_count(w->journal) == 1 &&
		   strcmp(p.state, PLAN_RUNNING) == 0 && p.holder == NULL &&
		   p.names.count == 1 && strcmp(p.guard, there.guard) == 0,
	   "and left as it is");
	there.position = 1;
	OK(plan_is_known(&there), "what is left of it may be known");
	world_close(&w);
}

static const struct step founding[] =
	{{STEP_FOUND, "domain", "new.example", NULL, NULL},
	 {STEP_RESERVE, "domain", "new.example", "ann@example.org", NULL},
	 {STEP_OPEN, "domain", "new.example", "enabled", NULL}};

/* A domain that is half made, and its plan, of a caller who sees nothing. */
static void leave_half(int64_t position)
{
	struct plan p = {.id = "half",
			 .state = PLAN_RUNNING,
			 .caller = "demoted",
			 .steps = founding,
			 .count = COUNT(founding),
			 .position = position};
	struct domain d = domain_defaults;
	struct revision rev;
	struct err e = {0};

	begin();
	d.name = "new.example";
	d.wished = true;
	d.in_force = false;
	domain_complete(&d, w->arena);
	d.wished = true;
	d.in_force = false;
	if (!w->store->ops->add(w->store, &w->admin, KIND_DOMAIN, &d, &rev,
				&e) ||
	    !w->journal->ops->write(w->journal, &w->admin, &p, &e))
		OK(false, e.text);
}

/* Who may no longer see the domain has not completed it. */
static void demoted(void)
{
	for (int64_t at = 0; at < (int64_t)COUNT(founding); at++) {
		struct plan p;
		struct domain d;
		struct revision rev;
		struct err e = {0}, none = {0};

		leave_half(at);
		w->journal->ops->read(w->journal, &w->admin, "half", &p, &e);
		OK(!plan_resume(&w->gateway, &w->admin, &p, NULL, &e) &&
			   w->journal->ops->read(w->journal, &w->admin, "half",
						 &p, &none) &&
			   strcmp(p.state, PLAN_STUCK) == 0 && p.position == at,
		   founding[at].verb);
		store_mem_administrator(w->store, "demoted");
		e = (struct err){0};
		OK(plan_resume(&w->gateway, &w->admin, &p, NULL, &e) &&
			   w->store->ops->get(w->store, &w->admin, KIND_DOMAIN,
					      "new.example", &d, &rev, &e) &&
			   d.in_force &&
			   is_there(KIND_ALIAS, "postmaster@new.example") ==
				   (at < 2),
		   "is done once he may again");
		world_close(&w);
	}
}

static unsigned writes_until;

static void disable_it(void *ctx)
{
	struct domain to = domain_defaults, now;
	const struct field f = FIELD(struct domain, enabled);
	const struct patch p = {&to, &f, 1, false, NULL};
	struct revision rev;
	struct err e = {0};

	(void)ctx;
	to.enabled = false;
	if (is_there(KIND_DOMAIN, "new.example") && --writes_until == 0 &&
	    !provision_change(&w->gateway, &w->admin, KIND_DOMAIN,
			      "new.example", &p, NULL, &now, &rev, &e))
		OK(false, e.text);
}

/* Somebody disables the domain while it is being made. */
static void disabled(void)
{
	const char *to[] = {"ann@example.org"};

	for (unsigned n = 1; n <= 3; n++) {
		struct domain d = domain_defaults;
		struct revision rev;
		struct err e = {0};

		begin();
		d.name = "new.example";
		d.reserved_to = (struct text_list){to, 1};
		writes_until = n;
		store_mem_before_write(w->store, disable_it, NULL);
		OK(provision_create(&w->gateway, &w->admin, KIND_DOMAIN, &d,
				    &rev, &e) &&
			   !d.enabled && strcmp(d.state, "disabled") == 0,
		   "what is told is what is there");
		OK(is_there(KIND_ALIAS, "postmaster@new.example") &&
			   journal_mem_count(w->journal) == 0,
		   "with the reserved names that were asked for");
		store_mem_before_write(w->store, NULL, NULL);
		world_close(&w);
	}
}

int main(void)
{
	newer();
	demoted();
	disabled();
	renames();
	refusals();
	claims();
	removals();
	hurried();
	large();
	die_renaming(STORE_MEM_DIES_BEFORE);
	die_renaming(STORE_MEM_DIES_AFTER);
	die_renaming(STORE_MEM_LOSES_ONE);
	die_removing(STORE_MEM_DIES_BEFORE);
	die_removing(STORE_MEM_DIES_AFTER);
	die_removing(STORE_MEM_LOSES_ONE);
	stuck();
	take_over();
	return tap_done();
}
