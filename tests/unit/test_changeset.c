#include "core/changeset.h"

#include <string.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/job.h"
#include "core/user.h"
#include "tests/lib/store_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/clock.h"
#include "util/text.h"

enum { WRITES_LEAST = 25, WRITES_MAX = 200 };

static struct world *w;
static struct task task;
static struct changeset set;

static void begin(void)
{
	struct user gone = user_defaults;

	w = world_open();
	world_domain(w, "else.example", NULL);
	world_domain(w, "empty.example", NULL);
	gone.address = "gone@else.example";
	world_create(w, KIND_USER, &gone);
	world_alias(w, "old@else.example", "x@far.example", NULL);
	task = w->admin;
	task.deadline = clock_now(); /* no second try */
	changeset_begin(&set, &w->gateway, &task, 20);
}

static bool is_there(enum kind k, const char *key, void *ret)
{
	char room[1024];
	struct revision rev;
	struct err e = {0};

	return w->store->ops->get(w->store, &w->admin, k, key,
				  ret != NULL ? ret : room, &rev, &e);
}

static bool add(enum changeset_verb verb, enum kind k, const char *key,
		void *record, const struct field *fields, size_t count,
		struct err *e)
{
	struct operation_asked o = {.verb = verb,
				    .kind = k,
				    .key = key,
				    .record = record,
				    .fields = fields,
				    .field_count = count};
	bool skipped;

	*e = (struct err){0};
	return changeset_add(&set, &o, &skipped, e) && !skipped;
}

static bool add_domain(const char *name, struct err *e)
{
	struct domain d = domain_defaults;

	d.name = name;
	return add(CHANGESET_CREATE, KIND_DOMAIN, NULL,
		   arena_copy(w->arena, &d, sizeof(d)), NULL, 0, e);
}

static bool add_user(const char *address, struct err *e)
{
	struct user u = user_defaults;

	u.address = address;
	u.clear = "a long and good passphrase";
	return add(CHANGESET_CREATE, KIND_USER, NULL,
		   arena_copy(w->arena, &u, sizeof(u)), NULL, 0, e);
}

static bool add_alias(const char *address, const char *to, struct err *e)
{
	struct alias al = alias_defaults;

	al.address = address;
	al.destinations =
		(struct text_list){arena_copy(w->arena, &to, sizeof(to)), 1};
	return add(CHANGESET_CREATE, KIND_ALIAS, NULL,
		   arena_copy(w->arena, &al, sizeof(al)), NULL, 0, e);
}

static bool add_name(const char *address, const char *name, struct err *e)
{
	static const struct field f = FIELD(struct user, name);
	struct user u = user_defaults;

	u.name = name;
	return add(CHANGESET_CHANGE, KIND_USER, address,
		   arena_copy(w->arena, &u, sizeof(u)), &f, 1, e);
}

static bool add_removal(enum kind k, const char *key, struct err *e)
{
	return add(CHANGESET_REMOVE, k, key, NULL, NULL, 0, e);
}

/* A bit of everything, the last of which is an alias. */
static bool add_all(struct err *e)
{
	return add_domain("new.example", e) &&
	       add_user("carl@new.example", e) &&
	       add_alias("team@new.example", "carl@new.example", e) &&
	       add_name("ann@example.org", "Ann the First", e) &&
	       add_name("ann@example.org", "Ann the Second", e) &&
	       add_removal(KIND_USER, "gone@else.example", e) &&
	       add_removal(KIND_ALIAS, "old@else.example", e) &&
	       add_removal(KIND_DOMAIN, "else.example", e) &&
	       add_alias("last@new.example", "carl@new.example", e);
}

static bool is_named(const char *name)
{
	struct user u;

	return is_there(KIND_USER, "ann@example.org", &u) &&
	       text_equal(u.name, name);
}

static bool is_done(void)
{
	return is_there(KIND_DOMAIN, "new.example", NULL) &&
	       is_there(KIND_USER, "carl@new.example", NULL) &&
	       is_there(KIND_ALIAS, "team@new.example", NULL) &&
	       is_there(KIND_ALIAS, "last@new.example", NULL) &&
	       is_named("Ann the Second") &&
	       store_mem_password(w->store, "carl@new.example") != NULL &&
	       !is_there(KIND_USER, "gone@else.example", NULL) &&
	       !is_there(KIND_ALIAS, "old@else.example", NULL) &&
	       !is_there(KIND_DOMAIN, "else.example", NULL);
}

static bool is_as_before(void)
{
	return !is_there(KIND_DOMAIN, "new.example", NULL) &&
	       !is_there(KIND_USER, "carl@new.example", NULL) &&
	       !is_there(KIND_ALIAS, "team@new.example", NULL) &&
	       !is_there(KIND_ALIAS, "last@new.example", NULL) &&
	       is_named("ann") &&
	       is_there(KIND_USER, "gone@else.example", NULL) &&
	       is_there(KIND_ALIAS, "old@else.example", NULL) &&
	       is_there(KIND_DOMAIN, "else.example", NULL);
}

static bool is_clean(void)
{
	return journal_mem_retired(w->journal) == 0;
}

/* What the steward does with what is left in the journal. */
static void resume_all(void)
{
	struct plan *plans;
	size_t count = 0;
	struct err e = {0};

	store_mem_before_write(w->store, NULL, NULL);
	store_mem_trouble(w->store, 0, STORE_MEM_DIES_BEFORE);
	store_mem_down(w->store, false);
	w->journal->ops->list(w->journal, &w->admin, &plans, &count, &e);
	for (size_t i = 0; i < count; i++) {
		err_clear(&e);
		plan_resume(&w->gateway, &w->admin, &plans[i], NULL, &e);
	}
}

static void does_all(void)
{
	struct err e;

	begin();
	OK(add_all(&e),
	   "later operations see what earlier ones will have done");
	OK(is_as_before(), "judging writes nothing");
	OK(changeset_run(&set, &e), "a set is done");
	OK(is_done() && is_clean() && journal_mem_count(w->journal) == 0,
	   "as a whole, and nothing is left of it");
	world_close(&w);
}

static void refuses(void)
{
	struct err e;

	begin();
	OK(!add_user("carl@new.example", &e), "a user of no domain");
	OK(!add_user("ann@example.org", &e) && e.kind == ERR_EXISTS,
	   "an address that is taken");
	OK(add_domain("new.example", &e) && add_user("eve@new.example", &e),
	   "others are judged all the same");
	OK(!add_alias("eve@new.example", "x@far.example", &e) &&
		   e.kind == ERR_EXISTS,
	   "one that is taken by the set itself");
	IS(e.conflicts_with, "/v1/users/eve@new.example", "by what");
	OK(!add_removal(KIND_DOMAIN, "else.example", &e),
	   "a domain that is not empty");
	IS(e.code, "not_empty", "says so");
	world_close(&w);

	begin();
	OK(add_alias("one@else.example", "two@else.example", &e) ||
		   e.kind != ERR_NONE,
	   "an alias that leads nowhere yet");
	OK(add_alias("two@else.example", "three@else.example", &e) &&
		   !add_alias("three@else.example", "one@else.example", &e),
	   "a circle of what is only in the set");
	IS(e.code, "loop", "is one");
	world_close(&w);
}

/* Die at every write there is: afterwards all is done, or nothing. */
static void dies(enum store_mem_trouble how)
{
	unsigned bad = 0, fuse = 0, done = 0, undone = 0;
	struct err e;
	bool good;

	do {
		begin();
		add_all(&e);
		store_mem_trouble(w->store, ++fuse, how);
		good = changeset_run(&set, &e);
		bool told = good || e.kind == ERR_UNKNOWN ||
			    e.kind == ERR_UNAVAILABLE;
		resume_all();
		bool whole = is_done();
		done += whole;
		undone += is_as_before();
		if ((!whole && !is_as_before()) || !told || (good && !whole) ||
		    !is_clean()) {
			printf("# write %u: %s\n", fuse, e.text);
			bad++;
		}
		world_close(&w);
	} while (fuse < WRITES_LEAST || (!good && fuse < WRITES_MAX));
	printf("# %u writes: %u done, %u not\n", fuse, done, undone);
	OK(bad == 0 && undone > 0 && done > 10, "a set is whole or nothing");
}

static unsigned before;

/* Somebody else is quicker, at the last operation. */
static void take_last(void *ctx)
{
	struct alias al = alias_defaults;
	const char *to = "y@far.example";
	struct revision rev;
	struct err e = {0};

	(void)ctx;
	if (!is_there(KIND_ALIAS, "team@new.example", NULL) ||
	    is_there(KIND_ALIAS, "last@new.example", NULL) || before++ > 0)
		return;
	al.address = "last@new.example";
	al.destinations = (struct text_list){&to, 1};
	alias_complete(&al, w->arena);
	w->store->ops->add(w->store, &w->admin, KIND_ALIAS, &al, &rev, &e);
}

static bool is_undone_but_last(void)
{
	struct alias al;
	struct domain d;

	/* What others have put into it stays, and so does the domain. */
	return is_there(KIND_ALIAS, "last@new.example", &al) &&
	       text_equal(al.destinations.items[0], "y@far.example") &&
	       is_there(KIND_DOMAIN, "new.example", &d) &&
	       !is_there(KIND_USER, "carl@new.example", NULL) &&
	       !is_there(KIND_ALIAS, "team@new.example", NULL) &&
	       is_named("ann") &&
	       is_there(KIND_USER, "gone@else.example", NULL) &&
	       is_there(KIND_ALIAS, "old@else.example", NULL) &&
	       is_there(KIND_DOMAIN, "else.example", NULL);
}

static void is_overtaken(void)
{
	struct err e;

	begin();
	add_all(&e);
	before = 0;
	store_mem_before_write(w->store, take_last, NULL);
	OK(!changeset_run(&set, &e), "somebody else takes an address");
	OK(is_undone_but_last(), "then all is undone that can be");
	IS(e.code, "partly_undone", "which is told");
	OK(strstr(e.text, "new.example") != NULL, "with what stays");
	OK(set.plan.failure.step == 8, "and which operation it was");
	OK(journal_mem_count(w->journal) == 0 && is_clean(),
	   "nothing is left of it");
	world_close(&w);
}

static void dies_undoing(enum store_mem_trouble how)
{
	unsigned bad = 0, fuse = 0;
	struct err e;

	do {
		begin();
		add_all(&e);
		before = 0;
		store_mem_before_write(w->store, take_last, NULL);
		store_mem_trouble(w->store, ++fuse, how);
		changeset_run(&set, &e);
		bool over = e.kind != ERR_UNKNOWN &&
			    e.kind != ERR_UNAVAILABLE && before > 0;
		resume_all();
		if ((before > 0 ? !is_undone_but_last() && !is_done()
				: !is_as_before() && !is_done()) ||
		    !is_clean()) {
			printf("# write %u: %s\n", fuse, e.text);
			bad++;
		}
		world_close(&w);
		if (over)
			break;
	} while (fuse < WRITES_MAX);
	OK(bad == 0 && fuse > 30, "a set is undone whoever dies meanwhile");
	printf("# %u writes\n", fuse);
}

static void is_a_job(void)
{
	struct plan p;
	struct err e;

	begin();
	add_all(&e);
	OK(changeset_leave(&set, &e), "a set may be left to the steward");
	OK(job_read(&w->gateway, &w->admin, set.plan.id, &p, &e) &&
		   text_equal(p.state, PLAN_RUNNING) && p.position == 0,
	   "then it is a job");
	OK(!job_read(&w->gateway, &w->ann, set.plan.id, &p, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "of which others know nothing");
	resume_all();
	OK(is_done() && is_clean(), "it is done");
	e = (struct err){0};
	OK(job_read(&w->gateway, &w->admin, set.plan.id, &p, &e) &&
		   text_equal(p.state, PLAN_DONE) && p.expires != NULL,
	   "which is told afterwards");
	bool stop = false, more;
	OK(job_forget(&w->gateway, &w->admin, &stop, &e) &&
		   journal_mem_count(w->journal) == 1,
	   "for a while");
	OK(w->journal->ops->forget_jobs(w->journal, &w->admin,
					"9999-01-01T00:00:00Z", &more, &e) &&
		   journal_mem_count(w->journal) == 0,
	   "and is forgotten then");
	world_close(&w);
}

int main(void)
{
	does_all();
	refuses();
	is_overtaken();
	is_a_job();
	dies(STORE_MEM_DIES_BEFORE);
	dies(STORE_MEM_DIES_AFTER);
	dies(STORE_MEM_LOSES_ONE);
	dies_undoing(STORE_MEM_DIES_BEFORE);
	dies_undoing(STORE_MEM_DIES_AFTER);
	return tap_done();
}
