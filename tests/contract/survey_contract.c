#include "tests/contract/survey_contract.h"

#include <string.h>

#include "core/domain.h"
#include "tests/lib/tap.h"
#include "util/clock.h"

enum { PATIENCE = 30000, MANY = 300 };

static const struct contract *con;
static struct arena *arena;
static struct task admin, user, guest;

static const char here[] = "contract.example";

#define OPS con->store->ops

static void must_add(struct domain *d)
{
	struct revision rev;
	struct err e = {0};

	domain_complete(d, arena);
	if (!OPS->add(con->store, &admin, KIND_DOMAIN, d, &rev, &e))
		OK(false, e.text);
}

/* Alias domains lead to others; the names of those that do, or the error. */
static const char *leading(const struct task *t, const char *to)
{
	struct text_list from = {0};
	struct err e = {0};
	const char *text = "";

	if (!OPS->leading_to(con->store, t, to, &from, &e))
		return arena_strdup(arena, e.text);
	for (size_t i = 0; i < from.count; i++)
		text = arena_printf(arena, "%s%s ", text, from.items[i]);
	return text;
}

static void alias_domains(void)
{
	static const char *const names[] = {"z", "b", "a", "c"};
	struct domain d = domain_defaults, old, got;
	struct revision seen, rev;
	struct err e = {0};

	IS(leading(&admin, here), "", "nothing leads to a domain at first");
	for (size_t i = 0; i < COUNT(names); i++) {
		d.name = arena_printf(arena, "%s.alias.example", names[i]);
		d.kind = "alias";
		d.target = here;
		must_add(&d);
		IS(leading(&admin, here),
		   i == 0   ? "z.alias.example "
		   : i == 1 ? "b.alias.example z.alias.example "
		   : i == 2 ? "a.alias.example b.alias.example z.alias.example "
			    : "a.alias.example b.alias.example "
			      "c.alias.example ",
		   "the first three that lead to it, sorted");
	}
	d = domain_defaults;
	d.name = "own.alias.example";
	d.target = "b.alias.example";
	must_add(&d);
	IS(leading(&admin, "b.alias.example"), "", "only alias domains count");
	IS(leading(&admin, "alias.example"), "", "names are compared whole");
	IS(leading(&user, here), "", "who may not look sees none");
	OK(OPS->get(con->store, &admin, KIND_DOMAIN, "z.alias.example", &old,
		    &seen, &e) &&
		   strcmp(old.target, here) == 0,
	   "a target is kept");
	got = old;
	got.target = "second.example";
	e = (struct err){0};
	OK(OPS->change(con->store, &admin, KIND_DOMAIN, &old, &got, &seen, &rev,
		       &e) &&
		   strcmp(got.target, "second.example") == 0,
	   "and changed");
	IS(leading(&admin, "second.example"), "z.alias.example ", "at once");
}

static void counts(void)
{
	static const struct {
		const char *domain;
		int64_t users, aliases;
	} cases[] = {{"contract.example", 2, 3},
		     {"second.example", 5, 1},
		     {"empty.example", 0, 0}};
	struct tally n;
	struct err e = {0};

	for (size_t i = 0; i < COUNT(cases); i++)
		OK(OPS->count(con->store, &admin, cases[i].domain, &n, &e) &&
			   n.users == cases[i].users &&
			   n.aliases == cases[i].aliases,
		   cases[i].domain);
	OK(!OPS->count(con->store, &admin, "none.example", &n, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "what is not there is not counted");
	e = (struct err){0};
	OK(!OPS->count(con->store, &user, here, &n, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "nor what one may not see");
}

/* What is seen of the i-th key, in one line. */
static const char *post_text(const struct signpost *p)
{
	const char *to = "";

	if (p == NULL)
		return "nothing";
	for (size_t i = 0; i < p->destinations.count; i++)
		to = arena_printf(arena, "%s %s", to, p->destinations.items[i]);
	if (p->kind == KIND_DOMAIN)
		return arena_printf(arena, "%s %s %s %d", p->key,
				    p->domain_kind,
				    p->target != NULL ? p->target : "-",
				    p->enabled);
	if (p->kind == KIND_ALIAS)
		return arena_printf(arena, "%s alias %d%s", p->key, p->enabled,
				    to);
	return arena_printf(arena, "%s user %d %d %d%s", p->key, p->enabled,
			    p->login_enabled, p->quota_bytes == NUMBER_NONE,
			    to);
}

static const struct {
	const char *key, *admin, *user;
} posts[] = {
	{"ann@contract.example", "ann@contract.example user 1 1 0",
	 "ann@contract.example user 1 1 0"},
	{"a=b_c-d.e@contract.example", "a=b_c-d.e@contract.example user 0 0 1",
	 "nothing"},
	{"sales@contract.example",
	 "sales@contract.example alias 0 b@else.example", "nothing"},
	{"@contract.example", "@contract.example alias 1 a+tag@else.example",
	 "nothing"},
	{"contract.example", "contract.example local - 1", "nothing"},
	{"z.alias.example", "z.alias.example alias second.example 1",
	 "nothing"},
	{"none.example", "nothing", "nothing"},
	{"nobody@contract.example", "nothing", "nothing"},
	{"*@contract.example", "nothing", "nothing"},
	{"x)(mail=*@contract.example", "nothing", "nothing"},
};

static void look_ups(void)
{
	const char *keys[MANY];
	const struct signpost *found[MANY];
	struct text_list all = {keys, MANY};
	struct err e = {0};

	for (size_t i = 0; i < MANY; i++)
		keys[i] = i % 7 == 0 ? posts[i / 7 % COUNT(posts)].key
				     : arena_printf(arena, "x%zu@y.example", i);
	OK(OPS->look_up(con->store, &admin, &all, found, &e),
	   "many are looked up at once");
	size_t wrong = 0;
	for (size_t i = 0; i < MANY; i++)
		wrong += (i % 7 != 0) && found[i] != NULL;
	NUMBER(wrong, 0, "what is not there is not found");
	for (size_t i = 0; i < COUNT(posts); i++)
		IS(post_text(found[i * 7]), posts[i].admin, posts[i].key);
	OK(OPS->look_up(con->store, &user, &all, found, &e),
	   "a user may look, too");
	for (size_t i = 0; i < COUNT(posts); i++)
		IS(post_text(found[i * 7]), posts[i].user, posts[i].key);
	all.count = 0;
	OK(OPS->look_up(con->store, &guest, &all, found, &e), "none at all");
	all.count = 1;
	OK(OPS->look_up(con->store, &guest, &all, found, &e) &&
		   found[0] == NULL,
	   "a guest sees nobody");
}

static struct task on_behalf_of(const struct caller *caller)
{
	return (struct task){.arena = arena,
			     .caller = caller,
			     .deadline = clock_now() + PATIENCE};
}

void survey_contract(const struct contract *c, struct arena *a)
{
	con = c;
	arena = a;
	admin = on_behalf_of(c->admin);
	user = on_behalf_of(c->user);
	guest = on_behalf_of(c->guest);
	alias_domains();
	counts();
	look_ups();
}
