#include "tests/contract/plan_contract.h"

#include "core/alias.h"
#include "core/domain.h"
#include "core/plan.h"
#include "core/user.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/text.h"

enum { PATIENCE = 30000, MANY = 70 };

static const struct contract *con;
static struct arena *arena;
static struct task admin, guest;

static const char ann[] = "ann@plans.example";

#define OPS con->store->ops
#define JOURNAL con->journal->ops

static void must(bool good, const struct err *e)
{
	if (!good)
		OK(false, e->text);
}

static void add(enum kind k, void *record)
{
	struct revision rev;
	struct err e = {0};

	kind_rules(k)->complete(record, arena);
	must(OPS->add(con->store, &admin, k, record, &rev, &e), &e);
}

static void add_domain(const char *name)
{
	struct domain d = domain_defaults;

	d.name = name;
	add(KIND_DOMAIN, &d);
}

static void add_user(const char *address)
{
	struct user u = user_defaults;

	u.address = address;
	add(KIND_USER, &u);
}

static void add_alias(const char *address, const char *one, const char *other)
{
	const char *to[] = {one, other};
	struct alias al = alias_defaults;

	al.address = address;
	al.destinations = (struct text_list){to, other != NULL ? 2 : 1};
	add(KIND_ALIAS, &al);
}

static bool get(enum kind k, const char *key, void *ret)
{
	struct revision rev;
	struct err e = {0};

	return OPS->get(con->store, &admin, k, key, ret, &rev, &e);
}

static const char *leads(const char *address)
{
	struct alias al;
	const char *text = "";

	if (!get(KIND_ALIAS, address, &al))
		return "nothing";
	for (size_t i = 0; i < al.destinations.count; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "",
				    al.destinations.items[i]);
	return text;
}

static struct plan a_plan(const char *id, const char *name)
{
	static const struct step steps[] = {{STEP_RENAME, "user", "a@b.example",
					     "c@b.example", "id"},
					    {STEP_PURGE, "domain", "b.example",
					     NULL, NULL}};
	const char **names = arena_alloc(arena, sizeof(*names));

	*names = name;
	return (struct plan){.id = id,
			     .state = PLAN_RUNNING,
			     .caller = con->admin->identity,
			     .holder = "one",
			     .names = {names, name != NULL ? 1 : 0},
			     .steps = steps,
			     .count = COUNT(steps)};
}

static void entries(void)
{
	struct plan p = a_plan("first", "name.example"), got, *all;
	struct plan same = a_plan("first", NULL);
	size_t count = 0;
	struct err e = {0};

	OK(JOURNAL->write(con->journal, &admin, &p, &e) && p.guard != NULL,
	   "a plan is written down");
	OK(!JOURNAL->write(con->journal, &admin, &same, &e) &&
		   e.kind == ERR_EXISTS,
	   "one of an id");
	e = (struct err){0};
	OK(JOURNAL->read(con->journal, &admin, "first", &got, &e) &&
		   got.count == 2 && got.position == 0 &&
		   strcmp(got.steps[0].to, "c@b.example") == 0 &&
		   got.steps[1].to == NULL &&
		   strcmp(got.steps[1].verb, STEP_PURGE) == 0 &&
		   strcmp(got.holder, "one") == 0 &&
		   strcmp(got.caller, con->admin->identity) == 0 &&
		   strcmp(got.guard, p.guard) == 0,
	   "and read as it was");
	OK(JOURNAL->list(con->journal, &admin, &all, &count, &e) &&
		   count == 1 && strcmp(all[0].id, "first") == 0,
	   "and listed");
	OK(!JOURNAL->read(con->journal, &admin, "other", &got, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "others are not there");
}

static void updates(void)
{
	struct plan one, other;
	struct err e = {0};

	JOURNAL->read(con->journal, &admin, "first", &one, &e);
	other = one;
	one.position = 1;
	one.holder = NULL;
	one.state = PLAN_STUCK;
	const char *guard = one.guard;
	OK(JOURNAL->update(con->journal, &admin, &one, &e) &&
		   strcmp(one.guard, guard) != 0,
	   "what changes is written");
	OK(!JOURNAL->update(con->journal, &admin, &other, &e) &&
		   e.kind == ERR_CHANGED,
	   "by one who has seen the last state only");
	e = (struct err){0};
	OK(JOURNAL->read(con->journal, &admin, "first", &other, &e) &&
		   other.position == 1 && other.holder == NULL &&
		   strcmp(other.state, PLAN_STUCK) == 0 && other.count == 2,
	   "and read");
	guard = one.guard;
	OK(JOURNAL->update(con->journal, &admin, &one, &e) &&
		   strcmp(one.guard, guard) != 0,
	   "what stays the same is a sign of life");
}

static bool any_claimed(const char *one, const char *other)
{
	const char *items[] = {one, other};
	const struct text_list both = {items, COUNT(items)};
	bool claimed = false;
	struct err e = {0};

	return JOURNAL->any_claimed(con->journal, &admin, &both, &claimed,
				    &e) &&
	       claimed;
}

static void claims(void)
{
	struct plan rival = a_plan("rival", "a@claimed.example"), p, late;
	bool claimed = false;
	struct err e = {0};

	late = a_plan("late", "a@claimed.example");
	OK(JOURNAL->write(con->journal, &admin, &rival, &e), "a name is taken");
	OK(!JOURNAL->write(con->journal, &admin, &late, &e) &&
		   e.kind == ERR_CONFLICT,
	   "once");
	e = (struct err){0};
	OK(JOURNAL->is_claimed(con->journal, &admin, "a@claimed.example",
			       &claimed, &e) &&
		   claimed,
	   "which others see");
	OK(JOURNAL->is_claimed(con->journal, &admin, "b@claimed.example",
			       &claimed, &e) &&
		   !claimed,
	   "of this name only");
	OK(any_claimed("b@claimed.example", "a@claimed.example"),
	   "also when it is asked for several");
	OK(!any_claimed("b@claimed.example", "c@claimed.example"),
	   "of which none is");
	JOURNAL->read(con->journal, &admin, "rival", &p, &e);
	p.names.count = 0;
	OK(JOURNAL->update(con->journal, &admin, &p, &e) &&
		   JOURNAL->is_claimed(con->journal, &admin,
				       "a@claimed.example", &claimed, &e) &&
		   !claimed,
	   "it is given back");
	OK(JOURNAL->remove(con->journal, &admin, "rival", &e) &&
		   JOURNAL->remove(con->journal, &admin, "rival", &e) &&
		   JOURNAL->remove(con->journal, &admin, "first", &e),
	   "a plan is taken out, and is gone then");
	OK(!JOURNAL->update(con->journal, &admin, &p, &e) &&
		   e.kind == ERR_CHANGED,
	   "and cannot be changed");
}

static bool rename_to(const struct task *t, const char *key, const char *to,
		      const char *id, struct err *e)
{
	*e = (struct err){0};
	return OPS->rename(con->store, t, KIND_USER, key, to, id, e) &&
	       OPS->settle(con->store, t, KIND_USER, to, id, e);
}

static void renames(void)
{
	struct user u, got;
	struct err e;

	get(KIND_USER, ann, &u);
	OK(rename_to(&admin, ann, "anna@plans.example", u.id, &e) &&
		   get(KIND_USER, "anna@plans.example", &got) &&
		   strcmp(got.id, u.id) == 0 &&
		   strcmp(got.mailbox_id, u.mailbox_id) == 0 &&
		   strcmp(got.local_part, "anna") == 0,
	   "a user gets another address and stays himself");
	OK(!get(KIND_USER, ann, &got), "the old one is free");
	OK(rename_to(&admin, ann, "anna@plans.example", u.id, &e),
	   "what is done is not done again");
	OK(!rename_to(&admin, "anna@plans.example", "bob@plans.example", u.id,
		      &e) &&
		   e.kind == ERR_EXISTS,
	   "an address that is taken");
	OK(get(KIND_USER, "anna@plans.example", &got) &&
		   strcmp(got.local_part, "anna") == 0,
	   "leaves all as it was");
	OK(!rename_to(&admin, "anna@plans.example", "x@plans.example",
		      "another-id", &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "another user of that address is not meant");
	OK(!rename_to(&guest, "anna@plans.example", "x@plans.example", u.id,
		      &e),
	   "a guest renames nobody");
	OK(rename_to(&admin, "anna@plans.example", ann, u.id, &e), "and back");
	OK(get(KIND_USER, ann, &got) && strcmp(got.id, u.id) == 0, "she is");
	OK(!OPS->may_remove(con->store, &guest, KIND_USER, ann, &e),
	   "a guest may remove nobody");
	e = (struct err){0};
	OK(OPS->may_remove(con->store, &admin, KIND_USER, ann, &e) &&
		   OPS->may_remove(con->store, &admin, KIND_DOMAIN,
				   "plans.example", &e) &&
		   get(KIND_USER, ann, &got),
	   "an administrator may, and has not");
}

/* The store was opened with a group in which he and somebody else are. */
static void roles(void)
{
	static const char ghost[] = "ghost@plans.example";
	struct err e = {0};
	bool any = true, may = true;

	OK(OPS->roles(con->store, &guest, ann, &any, &e) && !any,
	   "who is in no role or group");
	OK(OPS->roles(con->store, &guest, ghost, &any, &e) && any,
	   "one who is, though he is not there, and the caller sees neither");
	const char *both[] = {ann, ghost};
	OK(OPS->any_named(con->store, &guest, &(struct text_list){both, 1},
			  &any, &e) &&
		   !any &&
		   OPS->any_named(con->store, &guest,
				  &(struct text_list){both, 2}, &any, &e) &&
		   any,
	   "the same of several");
	OK(OPS->may_move_roles(con->store, &guest, ghost, NULL, &may, &e) &&
		   !may,
	   "a guest takes him out of none");
	OK(OPS->may_move_roles(con->store, &admin, ghost, NULL, &may, &e) &&
		   may,
	   "an administrator may");
	OK(OPS->may_move_roles(con->store, &admin, ghost, ann, &may, &e) && may,
	   "and put another in his place");
	OK(OPS->roles(con->store, &admin, ghost, &any, &e) && any,
	   "and has not");
}

static bool relink(const char *one, const char *other, const char *to,
		   const char *except)
{
	const char *items[] = {one, other};
	const struct text_list names = {items, other != NULL ? 2 : 1};
	bool more = true;
	struct err e = {0};

	while (more) {
		if (!OPS->relink(con->store, &admin, &names, to, except,
				 RELINK_ALL, &more, &e)) {
			return false;
		}
	}
	return true;
}

static void links(void)
{
	OK(relink(ann, NULL, "bob@plans.example", NULL), "what leads to ann");
	IS(leads("both@other.example"), "bob@plans.example x@far.example",
	   "leads to bob");
	IS(leads("in@plans.example"), "bob@plans.example", "wherever it is");
	OK(relink(ann, NULL, "bob@plans.example", NULL), "nothing is left");
	OK(relink("bob@plans.example", "x@far.example", NULL, "plans.example"),
	   "what leads to one of two");
	IS(leads("both@other.example"), "nothing", "and nowhere else, is gone");
	IS(leads("in@plans.example"), "bob@plans.example", "but not here");
}

static void many_links(void)
{
	unsigned good = 0;

	for (int i = 0; i < MANY; i++)
		add_alias(arena_printf(arena, "m%d@other.example", i), ann,
			  i % 2 == 0 ? "x@far.example" : NULL);
	OK(relink(ann, NULL, NULL, NULL),
	   "what leads to ann leads there no more");
	for (int i = 0; i < MANY; i++)
		good += strcmp(leads(arena_printf(arena, "m%d@other.example",
						  i)),
			       i % 2 == 0 ? "x@far.example" : "nothing") == 0;
	OK(good == MANY, "all of it");
}

static bool retire(enum kind k, const char *key, const char *id, struct err *e)
{
	*e = (struct err){0};
	return OPS->retire(con->store, &admin, k, key, id, "kept", e);
}

static bool bring_back(enum kind k, const char *key, const char *id,
		       struct err *e)
{
	*e = (struct err){0};
	return OPS->bring_back(con->store, &admin, k, key, id, "kept", e);
}

static void addresses_aside(void)
{
	struct user u, back;
	struct alias al;
	struct err e = {0};

	get(KIND_USER, ann, &u);
	get(KIND_ALIAS, "in@plans.example", &al);
	OK(OPS->may_retire(con->store, &admin, KIND_USER, ann, "kept", &e),
	   "an administrator may put a user aside");
	OK(get(KIND_USER, ann, &back), "asking puts nobody there");
	OK(!OPS->may_retire(con->store, &guest, KIND_USER, ann, "kept", &e),
	   "a guest may not");
	e = (struct err){0};
	OK(!OPS->retire(con->store, &guest, KIND_USER, ann, u.id, "kept", &e) &&
		   get(KIND_USER, ann, &back),
	   "nor does he");
	OK(retire(KIND_USER, ann, "another", &e) && get(KIND_USER, ann, &back),
	   "no other of that address is put aside");
	OK(retire(KIND_USER, ann, u.id, &e) && !get(KIND_USER, ann, &back),
	   "a user is put aside");
	OK(retire(KIND_USER, ann, u.id, &e), "once");
	OK(retire(KIND_ALIAS, "in@plans.example", al.id, &e) &&
		   strcmp(leads("in@plans.example"), "nothing") == 0,
	   "so is an alias");
	OK(!bring_back(KIND_USER, ann, "another", &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "no other is brought back");
	add_alias(ann, "x@far.example", NULL);
	OK(!bring_back(KIND_USER, ann, u.id, &e) && e.kind == ERR_EXISTS,
	   "nor one whose address is taken");
	must(OPS->remove(con->store, &admin, KIND_ALIAS, ann, NULL, &e), &e);
	e = (struct err){0};
	OK(!OPS->bring_back(con->store, &guest, KIND_USER, ann, u.id, "kept",
			    &e) &&
		   !get(KIND_USER, ann, &back),
	   "nor does a guest do it");
	OK(bring_back(KIND_USER, ann, u.id, &e) && get(KIND_USER, ann, &back) &&
		   text_equal(back.id, u.id) && back.enabled == u.enabled,
	   "he is brought back as he was");
	OK(bring_back(KIND_USER, ann, u.id, &e), "once");
	OK(bring_back(KIND_ALIAS, "in@plans.example", al.id, &e) &&
		   get(KIND_ALIAS, "in@plans.example", &al),
	   "so is the alias");
}

static void domain_aside(void)
{
	struct domain d, back;
	struct user u, was;
	struct err e;

	get(KIND_DOMAIN, "plans.example", &d);
	get(KIND_USER, ann, &u);
	OK(retire(KIND_USER, ann, u.id, &e) &&
		   retire(KIND_DOMAIN, d.name, d.id, &e) &&
		   !get(KIND_DOMAIN, d.name, &back),
	   "a domain is put aside");
	OK(!bring_back(KIND_USER, ann, u.id, &e) && e.kind == ERR_CONFLICT &&
		   text_equal(e.code, "no_domain"),
	   "nobody of it is brought back without it");
	OK(bring_back(KIND_DOMAIN, d.name, d.id, &e) &&
		   get(KIND_DOMAIN, d.name, &back) &&
		   text_equal(back.id, d.id) &&
		   get(KIND_ALIAS, "in@plans.example", &(struct alias){0}),
	   "it is brought back with what is in it");
	OK(bring_back(KIND_USER, ann, u.id, &e) && get(KIND_USER, ann, &was),
	   "and then he is, too");
}

static void asides(void)
{
	struct plan p = a_plan("kept", "nothing.example");
	struct err e = {0};

	must(JOURNAL->write(con->journal, &admin, &p, &e), &e);
	addresses_aside();
	domain_aside();
	must(JOURNAL->remove(con->journal, &admin, "kept", &e), &e);
}

static void retirement(void)
{
	struct plan p = a_plan("goes", "plans.example");
	struct domain d;
	bool more = false;
	unsigned rounds = 0;
	struct err e = {0};

	get(KIND_DOMAIN, "plans.example", &d);
	bool any = false, other = true, none = true;
	OK(OPS->is_there(con->store, &guest, KIND_DOMAIN, d.name, NULL, &any,
			 &e) &&
		   OPS->is_there(con->store, &guest, KIND_DOMAIN, d.name,
				 "another", &other, &e) &&
		   OPS->is_there(con->store, &guest, KIND_DOMAIN,
				 "none.example", NULL, &none, &e) &&
		   any && !other && !none,
	   "what a guest does not see is there all the same");
	must(JOURNAL->write(con->journal, &admin, &p, &e), &e);
	OK(!OPS->retire(con->store, &guest, KIND_DOMAIN, "plans.example", d.id,
			"goes", &e) ||
		   get(KIND_USER, ann, &(struct user){0}),
	   "a guest retires nothing");
	e = (struct err){0};
	OK(OPS->retire(con->store, &admin, KIND_DOMAIN, "plans.example", d.id,
		       "goes", &e),
	   "a domain goes out of the way");
	OK(!get(KIND_DOMAIN, "plans.example", &d) &&
		   !get(KIND_USER, ann, &(struct user){0}) &&
		   strcmp(leads("in@plans.example"), "nothing") == 0,
	   "with all that is in it");
	OK(OPS->retire(con->store, &admin, KIND_DOMAIN, "plans.example", d.id,
		       "goes", &e),
	   "once");
	add_domain("plans.example");
	add_user(ann);
	OK(get(KIND_USER, ann, &(struct user){0}), "another takes its place");
	do {
		rounds++;
		if (!JOURNAL->purge(con->journal, &admin, "goes", 10, &more,
				    &e)) {
			OK(false, e.text);
			break;
		}
	} while (more && rounds < 1000);
	OK(rounds > 1 && !more, "what was retired is cleared away bit by bit");
	OK(get(KIND_USER, ann, &(struct user){0}), "and nothing else");
	OK(JOURNAL->remove(con->journal, &admin, "goes", &e),
	   "then its plan is nothing but an entry");
}

static struct task on_behalf_of(const struct caller *caller)
{
	return (struct task){.arena = arena,
			     .caller = caller,
			     .deadline = clock_now() + PATIENCE};
}

int plan_contract(const struct contract *c)
{
	con = c;
	arena = arena_new();
	admin = on_behalf_of(c->admin);
	guest = on_behalf_of(c->guest);
	add_domain("plans.example");
	add_domain("other.example");
	add_user(ann);
	add_user("bob@plans.example");
	add_alias("both@other.example", ann, "x@far.example");
	add_alias("in@plans.example", ann, NULL);
	entries();
	updates();
	claims();
	renames();
	roles();
	links();
	many_links();
	asides();
	for (int i = 0; i < MANY; i++)
		add_user(arena_printf(arena, "u%d@plans.example", i));
	retirement();
	arena_free(arena);
	return tap_done();
}
