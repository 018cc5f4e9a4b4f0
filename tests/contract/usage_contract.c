#include "tests/contract/usage_contract.h"

#include <string.h>

#include "core/user.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/instant.h"

#define OPS con->store->ops

enum { PATIENCE = 20000 };

static const char ann[] = "ann@contract.example";
static const struct contract *con;
static struct arena *arena;
static struct task admin, user, guest;

static bool get(const struct task *t, struct user *ret, struct revision *rev)
{
	struct err e = {0};

	return OPS->get(con->store, t, KIND_USER, ann, ret, rev, &e);
}

/* The keys of a page, "+" behind them if there are more. */
static const char *page_of(const struct query *q)
{
	struct page page = {0};
	struct err e = {0};
	const char *text = "";

	if (!OPS->list(con->store, &admin, q, &page, &e))
		return arena_strdup(arena, e.text);
	const struct user *users = (const void *)page.records;
	for (size_t i = 0; i < page.count; i++)
		text = arena_printf(arena, "%s%s ", text, users[i].address);
	return arena_printf(arena, "%s%s", text, page.more ? "+" : ".");
}

static bool tell(const char *address, int64_t login, int64_t bytes,
		 int64_t when, struct err *e)
{
	const struct usage u = {login, bytes, NUMBER_NONE, when};

	*e = (struct err){0};
	return OPS->measure(con->store, &guest, address, &u, e);
}

/* What mail servers told, and what of it is seen. */
static void measures(void)
{
	struct user u, before;
	struct revision seen, rev;
	struct err e;

	get(&admin, &before, &seen);
	OK(before.last_login_at == NULL && before.quota_measured_at == NULL &&
		   before.quota_used_bytes == NUMBER_NONE,
	   "nobody told anything");
	OK(tell(ann, 1700000000, NUMBER_NONE, NUMBER_NONE, &e), "a login");
	OK(tell(ann, NUMBER_NONE, 1234, 1700000010, &e),
	   "and how much is used");
	OK(get(&admin, &u, &rev), "is seen");
	IS(u.last_login_at, "2023-11-14T22:13:20Z", "when");
	IS(u.quota_measured_at, "2023-11-14T22:13:30Z", "measured when");
	NUMBER(u.quota_used_bytes, 1234, "how much");
	NUMBER(u.quota_used_messages, NUMBER_NONE, "and what was not told");
	OK(strcmp(seen.guard, rev.guard) == 0 &&
		   strcmp(seen.etag, rev.etag) == 0,
	   "for writers nothing has changed");
	OK(tell(ann, 1600000000, 99, 1700000009, &e), "older news are taken");
	OK(tell(ann, 1600000000, 2345, 1700000010, &e),
	   "half of which are older, too");
	get(&user, &u, &rev);
	IS(u.last_login_at, "2023-11-14T22:13:20Z", "and change nothing");
	NUMBER(u.quota_used_bytes, 2345, "but the other half");
	OK(!tell("nobody@contract.example", 1, 2, 3, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "nobody is not measured");
	u = before;
	u.name = "Measured";
	OK(OPS->change(con->store, &admin, KIND_USER, &before, &u, &seen, &rev,
		       &e),
	   "a change leaves it alone");
	get(&admin, &u, &rev);
	NUMBER(u.quota_used_bytes, 2345, "there, too");
	before.name = u.name;
	u.name = "Ann";
	OPS->change(con->store, &admin, KIND_USER, &before, &u, &rev, &seen,
		    &e);
}

/* Who has not logged in since tomorrow. */
static void idle_ones(void)
{
	static const struct {
		enum never never;
		const char *want;
	} cases[] = {
		{NEVER_TOO, "a@second.example b-c@second.example "
			    "b@second.example c@second.example ."},
		{NEVER_ONLY, "b-c@second.example b@second.example "
			     "c@second.example ."},
		{NEVER_EXCLUDED, "a@second.example ."},
	};
	char tomorrow[INSTANT_SIZE];
	struct query q = {.kind = KIND_USER,
			  .domain = "second.example",
			  .limit = 4,
			  .idle_since = tomorrow};
	struct err e;

	instant_text(tomorrow, clock_seconds() + 86400);
	tell("a@second.example", 1700000000, NUMBER_NONE, NUMBER_NONE, &e);
	tell("aa@second.example", clock_seconds() + 2 * 86400, 5,
	     clock_seconds(), &e);
	for (size_t i = 0; i < COUNT(cases); i++) {
		q.never = cases[i].never;
		IS(page_of(&q), cases[i].want, "the idle ones");
	}
	q.never = NEVER_TOO;
	q.limit = 2;
	q.after = "a@second.example";
	IS(page_of(&q), "b-c@second.example b@second.example +",
	   "page by page");
}

static struct task on_behalf_of(const struct caller *caller)
{
	return (struct task){.arena = arena,
			     .caller = caller,
			     .deadline = clock_now() + PATIENCE};
}

void usage_contract(const struct contract *c, struct arena *a)
{
	con = c;
	arena = a;
	admin = on_behalf_of(c->admin);
	user = on_behalf_of(c->user);
	guest = on_behalf_of(c->guest);
	measures();
	idle_ones();
}
