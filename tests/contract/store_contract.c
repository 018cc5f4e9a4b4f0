#include "tests/contract/store_contract.h"

#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
#include "tests/contract/survey_contract.h"
#include "tests/contract/tally_contract.h"
#include "tests/contract/usage_contract.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/text.h"

enum { PATIENCE = 30000, MANY = 300 };

static const struct contract *con;
static struct arena *arena;
static struct task admin, user, guest;

static const char ann[] = "ann@contract.example";
static const char here[] = "contract.example";

#define OPS con->store->ops

static bool add(enum kind k, void *record, struct revision *rev, struct err *e)
{
	*e = (struct err){0};
	kind_rules(k)->complete(record, arena);
	return OPS->add(con->store, &admin, k, record, rev, e);
}

static bool get(const struct task *t, enum kind k, const char *key, void *ret,
		struct revision *rev, struct err *e)
{
	*e = (struct err){0};
	return OPS->get(con->store, t, k, key, ret, rev, e);
}

/* As add(), for what cannot fail. */
static void must_add(enum kind k, void *record)
{
	struct revision rev;
	struct err e;

	if (!add(k, record, &rev, &e))
		OK(false, e.text);
}

static struct user new_user(const char *address)
{
	struct user u = user_defaults;

	u.address = address;
	return u;
}

static struct alias new_alias(const char *address, const char *to[], size_t n)
{
	struct alias al = alias_defaults;

	al.address = address;
	al.destinations = (struct text_list){to, n};
	return al;
}

static bool same_revision(const struct revision *a, const struct revision *b)
{
	return strcmp(a->etag, b->etag) == 0 && strcmp(a->guard, b->guard) == 0;
}

static void domains(void)
{
	struct domain d = domain_defaults, got;
	struct revision made, seen;
	struct err e;

	OK(!get(&admin, KIND_DOMAIN, here, &got, &seen, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "there is no domain at first");
	d.name = here;
	d.description = "M\xc3\xbcller & Co. *(\\), \"x\" #1";
	d.display_name = " blanks ";
	d.imap_host = "imap.contract.example";
	d.default_user_quota_bytes = INT64_MAX;
	OK(add(KIND_DOMAIN, &d, &made, &e), "a domain is added");
	OK(d.id != NULL && d.created_at != NULL && d.updated_at != NULL,
	   "it gets what is the store's to give");
	OK(d.created_at != NULL && strlen(d.created_at) >= 20 &&
		   d.created_at[10] == 'T',
	   "times are RFC 3339");
	OK(get(&admin, KIND_DOMAIN, here, &got, &seen, &e), "it is read");
	OK(same_revision(&made, &seen), "in the state it was added in");
	IS(got.description, "M\xc3\xbcller & Co. *(\\), \"x\" #1", "its text");
	IS(got.display_name, " blanks ", "with its blanks");
	IS(got.imap_host, "imap.contract.example", "its host");
	IS(got.smtp_host, NULL, "none where there is none");
	IS(got.kind, "local", "its kind");
	NUMBER(got.default_user_quota_bytes, INT64_MAX, "its quota");
	OK(got.enabled, "enabled");
	IS(got.id, d.id, "its id");
	OK(!add(KIND_DOMAIN, &d, &made, &e) && e.kind == ERR_EXISTS,
	   "it is added once");
}

static void users(void)
{
	struct user u = new_user(ann), got, other = new_user(ann);
	struct revision made, seen;
	struct err e;

	u.name = "Ann";
	u.given_name = "Anna";
	u.quota_bytes = 0;
	u.login_enabled = true;
	u.stored.hash = con->hash;
	OK(add(KIND_USER, &u, &made, &e), "a user is added");
	OK(con->opens(con->ctx, ann, "first"), "her password is the one given");
	OK(get(&admin, KIND_USER, ann, &got, &seen, &e), "she is read");
	OK(same_revision(&made, &seen), "as she was added");
	OK(got.stored.hash == NULL && got.clear == NULL,
	   "without her password");
	IS(got.name, "Ann", "name");
	IS(got.given_name, "Anna", "given name");
	IS(got.family_name, "Ann", "family name");
	IS(got.local_part, "ann", "local part");
	IS(got.mailbox_id, u.mailbox_id, "mailbox");
	NUMBER(got.quota_bytes, 0, "a quota of 0 is one");
	OK(got.enabled && got.login_enabled, "flags");
	OK(!add(KIND_USER, &other, &made, &e) && e.kind == ERR_EXISTS,
	   "an address belongs to one user");
	OK(!get(&admin, KIND_ALIAS, ann, &got, &seen, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "who is a user is no alias");
	other = new_user("x@elsewhere.example");
	OK(!add(KIND_USER, &other, &made, &e),
	   "nobody is added to a domain that is not there");
	NUMBER(e.kind, ERR_INVALID, "it cannot be an address of ours");
	other = new_user("a=b_c-d.e@contract.example");
	other.enabled = other.login_enabled = false;
	OK(add(KIND_USER, &other, &made, &e), "a name of every character");
	OK(get(&admin, KIND_USER, other.address, &got, &seen, &e) &&
		   !got.enabled && !got.login_enabled &&
		   got.quota_bytes == NUMBER_NONE,
	   "disabled, and without a quota");
}

static void aliases(void)
{
	const char *to[] = {"a+tag@else.example", ann, "o'neil@x.example"};
	const char *many[MANY];
	struct alias al = new_alias("sales@contract.example", to, COUNT(to)),
		     all = new_alias("@contract.example", to, 1),
		     taken = new_alias(ann, to, 1), got;
	struct user u = new_user("sales@contract.example");
	struct revision made, seen;
	struct err e;

	al.description = "two\xe2\x80\x93three";
	OK(add(KIND_ALIAS, &al, &made, &e), "an alias is added");
	OK(get(&admin, KIND_ALIAS, al.address, &got, &seen, &e) &&
		   same_revision(&made, &seen),
	   "and read as it was added");
	OK(text_list_equal(got.destinations, (struct text_list){to, COUNT(to)}),
	   "with its destinations, sorted");
	IS(got.description, "two\xe2\x80\x93three", "its text");
	OK(!add(KIND_ALIAS, &taken, &made, &e) && e.kind == ERR_EXISTS,
	   "a user's address is taken for an alias");
	OK(!add(KIND_USER, &u, &made, &e) && e.kind == ERR_EXISTS,
	   "and an alias's for a user");
	OK(add(KIND_ALIAS, &all, &made, &e), "a catch-all");
	OK(get(&admin, KIND_ALIAS, "@contract.example", &got, &seen, &e) &&
		   got.local_part == NULL,
	   "has no local part");
	for (size_t i = 0; i < MANY; i++)
		many[i] = arena_printf(arena, "u%04zu@else.example", i);
	al = new_alias("list@contract.example", many, MANY);
	OK(add(KIND_ALIAS, &al, &made, &e) && al.destinations.count == MANY,
	   "many destinations come back");
}

static bool change_user(const struct user *old, struct user *to,
			const struct revision *seen, struct revision *rev,
			struct err *e)
{
	*e = (struct err){0};
	return OPS->change(con->store, &admin, KIND_USER, old, to, seen, rev,
			   e);
}

static void changes(void)
{
	struct user old, u, got;
	struct revision seen, rev, now, back;
	struct err e;

	get(&admin, KIND_USER, ann, &old, &seen, &e);
	u = old;
	u.name = "Annabel";
	u.given_name = NULL;
	u.quota_bytes = 12345;
	u.login_enabled = false;
	OK(change_user(&old, &u, &seen, &rev, &e), "a user is changed");
	OK(get(&admin, KIND_USER, ann, &got, &now, &e) &&
		   same_revision(&rev, &now),
	   "and told in which state she is now");
	OK(strcmp(seen.etag, now.etag) != 0 &&
		   strcmp(seen.guard, now.guard) != 0,
	   "another state");
	IS(u.name, "Annabel", "the record is what was stored");
	OK(strcmp(got.name, "Annabel") == 0 && got.given_name == NULL &&
		   got.quota_bytes == 12345 && !got.login_enabled,
	   "what differed was written");
	IS(got.family_name, "Ann", "and the rest left alone");
	OK(strcmp(got.id, old.id) == 0 &&
		   strcmp(got.created_at, old.created_at) == 0,
	   "she stays who she is");

	struct user late = old;
	late.name = "Late";
	OK(!change_user(&old, &late, &seen, &rev, &e) && e.kind == ERR_CHANGED,
	   "who saw another state does not write");
	get(&admin, KIND_USER, ann, &old, &now, &e);
	IS(old.name, "Annabel", "and did not");
	u = old;
	OK(change_user(&old, &u, &now, &back, &e) && same_revision(&now, &back),
	   "a change of nothing changes nothing");

	u = old;
	u.name = "Ann";
	u.given_name = "Anna";
	u.quota_bytes = 0;
	u.login_enabled = true;
	OK(change_user(&old, &u, &now, &back, &e), "changed back");
	IS(back.etag, seen.etag, "readers see the same as before");
	OK(strcmp(back.guard, seen.guard) != 0, "writers do not");
}

static void fixed_and_missing(void)
{
	struct user old, u, got;
	struct revision seen, rev;
	struct err e;

	get(&admin, KIND_USER, ann, &old, &seen, &e);
	u = old;
	u.mailbox_id = "another-mailbox";
	u.local_part = "x";
	u.name = "Fixed";
	OK(change_user(&old, &u, &seen, &rev, &e), "a change");
	get(&admin, KIND_USER, ann, &got, &rev, &e);
	OK(strcmp(got.mailbox_id, old.mailbox_id) == 0 &&
		   strcmp(got.local_part, "ann") == 0,
	   "does not touch what is given once");
	old = new_user("nobody@contract.example");
	old.name = old.family_name = "x";
	u = old;
	u.name = "y";
	OK(!change_user(&old, &u, &seen, &rev, &e) && e.kind == ERR_NOT_FOUND,
	   "who is not there cannot be changed");
}

static void passwords(void)
{
	const struct stored_password first = {.hash = con->hash};
	struct user old, u;
	struct revision seen, rev;
	struct err e;

	get(&admin, KIND_USER, ann, &old, &seen, &e);
	u = old;
	u.stored.hash = con->other_hash;
	OK(change_user(&old, &u, &seen, &rev, &e), "a new password");
	OK(con->opens(con->ctx, ann, "second") &&
		   !con->opens(con->ctx, ann, "first"),
	   "is the one that opens");
	IS(rev.etag, seen.etag, "no reader sees it");
	OK(strcmp(rev.guard, seen.guard) != 0, "a writer does");
	e = (struct err){0};
	OK(OPS->set_own_password(con->store, &user, &first, NULL, &e),
	   "one's own");
	OK(con->opens(con->ctx, ann, "first") &&
		   !con->opens(con->ctx, ann, "second"),
	   "opens again");
	get(&admin, KIND_USER, ann, &old, &seen, &e);
	OK(strcmp(rev.guard, seen.guard) != 0, "a writer sees that, too");
}

static void lists_of(const struct alias *al)
{
	const char *to[] = {"b@else.example"};
	struct alias old, now, got;
	struct revision seen, rev;
	struct err e;

	get(&admin, KIND_ALIAS, al->address, &old, &seen, &e);
	now = old;
	now.destinations = (struct text_list){to, 1};
	now.enabled = false;
	alias_complete(&now, arena);
	now.description = NULL;
	e = (struct err){0};
	OK(OPS->change(con->store, &admin, KIND_ALIAS, &old, &now, &seen, &rev,
		       &e),
	   "an alias is changed");
	OK(get(&admin, KIND_ALIAS, al->address, &got, &seen, &e) &&
		   text_list_equal(got.destinations, now.destinations) &&
		   got.destinations.count == 1 && !got.enabled &&
		   got.description == NULL,
	   "a list is replaced as a whole");
}

/* What a user and a guest get to see and to do. */
static void rights_to_read(void)
{
	struct user u;
	struct domain d;
	struct revision rev;
	struct err e;

	OK(get(&user, KIND_USER, ann, &u, &rev, &e) && u.stored.hash == NULL,
	   "a user reads herself");
	OK(!get(&user, KIND_USER, "a=b_c-d.e@contract.example", &u, &rev, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "and nobody else");
	OK(!get(&user, KIND_DOMAIN, here, &d, &rev, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "not even her domain");
	OK(!get(&guest, KIND_USER, ann, &u, &rev, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "a guest reads nobody");
	OK(!get(&guest, KIND_DOMAIN, here, &d, &rev, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "and no domain");
}

static void rights_to_write(void)
{
	struct user old, u, fresh = new_user("fresh@contract.example");
	struct domain d = domain_defaults;
	struct revision seen, rev;
	struct err e;

	get(&user, KIND_USER, ann, &old, &seen, &e);
	u = old;
	u.quota_bytes = INT64_MAX;
	OK(!OPS->change(con->store, &user, KIND_USER, &old, &u, &seen, &rev,
			&e) &&
		   e.kind == ERR_DENIED,
	   "a user does not change herself");
	u = old;
	e = (struct err){0};
	OK(!OPS->change(con->store, &user, KIND_USER, &old, &u, &seen, &rev,
			&e) &&
		   e.kind == ERR_DENIED,
	   "not even by nothing");
	e = (struct err){0};
	OK(!OPS->remove(con->store, &user, KIND_USER, ann, &seen, &e) &&
		   e.kind == ERR_DENIED,
	   "nor remove");
	user_complete(&fresh, arena);
	e = (struct err){0};
	OK(!OPS->add(con->store, &user, KIND_USER, &fresh, &rev, &e) &&
		   e.kind == ERR_DENIED,
	   "nor add others");
	d.name = "hers.example";
	e = (struct err){0};
	OK(!OPS->add(con->store, &user, KIND_DOMAIN, &d, &rev, &e) &&
		   e.kind == ERR_DENIED,
	   "nor domains");
	fresh = new_user(ann);
	user_complete(&fresh, arena);
	e = (struct err){0};
	OK(!OPS->add(con->store, &guest, KIND_USER, &fresh, &rev, &e) &&
		   e.kind == ERR_EXISTS,
	   "what is taken is so for everybody, seen or not");
	e = (struct err){0};
	OK(!OPS->remove(con->store, &guest, KIND_USER, ann, NULL, &e),
	   "and removes nobody");
	OK(get(&admin, KIND_USER, ann, &u, &rev, &e) &&
		   strcmp(rev.guard, seen.guard) == 0,
	   "nothing of that was done");
}

static const struct {
	const char *name;
	const struct task *task;
	bool super;
} callers[] = {{"an administrator", &admin, true},
	       {"a user", &user, false},
	       {"a guest", &guest, false}};

static void administrators(void)
{
	for (size_t i = 0; i < COUNT(callers); i++) {
		bool super = !callers[i].super;
		struct err e = {0};

		OK(OPS->is_super_administrator(con->store, callers[i].task,
					       &super, &e) &&
			   super == callers[i].super,
		   callers[i].name);
	}
}

/* The keys of a page, "+" behind them if there are more; or the error. */
static const char *page_of(const struct task *t, const struct query *q)
{
	struct page page = {0};
	struct err e = {0};
	const char *text = "";

	if (!OPS->list(con->store, t, q, &page, &e))
		return e.kind == ERR_NOT_FOUND ? "not found"
					       : arena_strdup(arena, e.text);
	for (size_t i = 0; i < page.count; i++)
		text = arena_printf(arena, "%s%s ", text,
				    kind_key(q->kind,
					     page.records +
						     i * kind_rules(q->kind)
								     ->size));
	return arena_printf(arena, "%s%s", text, page.more ? "+" : ".");
}

static void lists(void)
{
	static const struct {
		struct query q;
		const char *want;
	} cases[] = {
		{{.kind = KIND_DOMAIN, .limit = 10},
		 "contract.example empty.example second.example ."},
		{{.kind = KIND_DOMAIN, .limit = 1}, "contract.example +"},
		{{.kind = KIND_DOMAIN, .after = "contract.example", .limit = 2},
		 "empty.example second.example ."},
		{{.kind = KIND_DOMAIN, .after = "z", .limit = 2}, "."},
		{{.kind = KIND_USER, .domain = "second.example", .limit = 2},
		 "a@second.example aa@second.example +"},
		{{.kind = KIND_USER,
		  .domain = "second.example",
		  .after = "aa@second.example",
		  .limit = 2},
		 "b-c@second.example b@second.example +"},
		{{.kind = KIND_USER,
		  .domain = "second.example",
		  .after = "b@second.example",
		  .limit = 2},
		 "c@second.example ."},
		{{.kind = KIND_USER,
		  .domain = "second.example",
		  .after = "b",
		  .limit = 2},
		 "b-c@second.example b@second.example +"},
		{{.kind = KIND_USER, .domain = "empty.example", .limit = 5},
		 "."},
		{{.kind = KIND_USER, .domain = "none.example", .limit = 5},
		 "not found"},
		{{.kind = KIND_USER, .after = "b", .limit = 3},
		 "b-c@second.example b@second.example c@second.example ."},
		{{.kind = KIND_ALIAS, .domain = "second.example", .limit = 5},
		 "al@second.example ."},
		{{.kind = KIND_ALIAS, .limit = 2},
		 "@contract.example al@second.example +"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		IS(page_of(&admin, &cases[i].q), cases[i].want, "a list");
	IS(page_of(&user, &cases[0].q), "not found", "a user lists no domains");
	IS(page_of(&user, &cases[4].q), "not found", "nor users");
	IS(page_of(&guest, &cases[12].q), "not found", "nor does a guest");
}

static void populate(void)
{
	static const char *const names[] = {"b", "aa", "c", "a", "b-c"};
	const char *to[] = {ann};
	struct domain second = domain_defaults, empty = domain_defaults;
	struct alias al = new_alias("al@second.example", to, 1);

	second.name = "second.example";
	empty.name = "empty.example";
	must_add(KIND_DOMAIN, &second);
	must_add(KIND_DOMAIN, &empty);
	must_add(KIND_ALIAS, &al);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct user u = new_user(
			arena_printf(arena, "%s@second.example", names[i]));

		must_add(KIND_USER, &u);
	}
}

static bool drop(enum kind k, const char *key, const struct revision *seen,
		 struct err *e)
{
	*e = (struct err){0};
	return OPS->remove(con->store, &admin, k, key, seen, e);
}

static void removal(void)
{
	const char *key = "c@second.example";
	struct user old, u;
	struct revision seen, rev;
	struct err e;

	get(&admin, KIND_USER, key, &old, &seen, &e);
	u = old;
	u.name = "See";
	change_user(&old, &u, &seen, &rev, &e);
	OK(!drop(KIND_USER, key, &seen, &e) && e.kind == ERR_CHANGED,
	   "who saw another state does not remove");
	OK(drop(KIND_USER, key, &rev, &e), "who saw this one does");
	OK(!get(&admin, KIND_USER, key, &u, &rev, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "gone");
	OK(!drop(KIND_USER, key, NULL, &e) && e.kind == ERR_NOT_FOUND, "once");
	OK(drop(KIND_USER, "b@second.example", NULL, &e), "whatever its state");
	u = new_user("b@second.example");
	OK(add(KIND_USER, &u, &rev, &e), "the address is free again");
	OK(!drop(KIND_DOMAIN, "second.example", NULL, &e) &&
		   e.kind == ERR_CONFLICT,
	   "a domain that has something in it stays");
	OK(drop(KIND_DOMAIN, "empty.example", NULL, &e), "an empty one goes");
	struct domain d;
	OK(!get(&admin, KIND_DOMAIN, "empty.example", &d, &rev, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "gone, too");
}

/* What expired is not in force any more, and nobody else is touched. */
static void expiry(void)
{
	static const struct {
		const char *name, *expires_at;
		bool enabled;
		const char *then;
	} cases[] = {
		{"early@contract.example", "2040-01-01T00:00:00Z", true,
		 "enabled"},
		{"in@contract.example", "2040-01-02T00:00:00Z", true,
		 "expired"},
		{"off@contract.example", "2040-01-02T00:00:00Z", false,
		 "disabled"},
		{"late@contract.example", "2040-01-03T00:00:01Z", true,
		 "enabled"},
		{"never@contract.example", NULL, true, "enabled"},
	};
	const char *to[] = {ann};
	struct alias al = new_alias("end@contract.example", to, 1);
	struct revision rev;
	struct err e = {0};
	bool more = true;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct user u = new_user(cases[i].name);

		u.expires_at = cases[i].expires_at;
		u.enabled = cases[i].enabled;
		must_add(KIND_USER, &u);
	}
	al.expires_at = "2040-01-03T00:00:00Z";
	must_add(KIND_ALIAS, &al);
	OK(OPS->expire(con->store, &guest, "2040-01-01T12:00:00Z",
		       "2040-01-03T00:00:00Z", &more, &e) &&
		   !more,
	   "whoever asks, it is the store's own work");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct user u;

		OK(get(&admin, KIND_USER, cases[i].name, &u, &rev, &e) &&
			   u.enabled == cases[i].enabled &&
			   text_equal(u.expires_at, cases[i].expires_at),
		   cases[i].name);
		IS(u.state, cases[i].then, "its state");
		OK(drop(KIND_USER, cases[i].name, NULL, &e), "removed");
	}
	OK(get(&admin, KIND_ALIAS, al.address, &al, &rev, &e), "an alias, too");
	IS(al.state, "expired", "has expired");
	OK(drop(KIND_ALIAS, al.address, NULL, &e), "removed");
}

static int64_t number_of(const struct task *t, enum kind k, const char *key)
{
	int64_t ret = 0;
	struct err e = {0};

	if (OPS->number(con->store, t, k, key, NULL, NUMBER_NONE, &ret, &e))
		return ret;
	return e.kind == ERR_NOT_FOUND ? -1 : -2;
}

static void numbers(void)
{
	const char *key = "a@second.example";
	int64_t first = number_of(&admin, KIND_USER, key), before;
	struct user u;
	struct revision was, rev;
	struct err e;

	OK(first > 0, "a user has a number");
	get(&admin, KIND_USER, key, &u, &was, &e);
	NUMBER(number_of(&admin, KIND_USER, key), first, "the same each time");
	OK(number_of(&user, KIND_USER, ann) > first, "another has another");
	OK(number_of(&admin, KIND_ALIAS, "al@second.example") > first,
	   "so has an alias");
	OK(number_of(&admin, KIND_DOMAIN, here) > first, "so has a domain");
	NUMBER(number_of(&admin, KIND_ALIAS, key), -1, "a user is no alias");
	NUMBER(number_of(&guest, KIND_USER, key), -1,
	       "who does not see him does not");
	NUMBER(number_of(&admin, KIND_USER, "none@second.example"), -1,
	       "who is not there has none");
	get(&admin, KIND_USER, key, &u, &rev, &e);
	IS(rev.etag, was.etag, "that changes nothing to be seen");
	before = number_of(&admin, KIND_DOMAIN, "second.example");
	drop(KIND_USER, key, NULL, &e);
	u = new_user(key);
	OK(add(KIND_USER, &u, &rev, &e), "he goes, and another has his name");
	OK(number_of(&admin, KIND_USER, key) > before, "and not his number");
}

static struct task on_behalf_of(const struct caller *caller)
{
	return (struct task){.arena = arena,
			     .caller = caller,
			     .deadline = clock_now() + PATIENCE};
}

int store_contract(const struct contract *c)
{
	con = c;
	arena = arena_new();
	admin = on_behalf_of(c->admin);
	user = on_behalf_of(c->user);
	guest = on_behalf_of(c->guest);
	OK(OPS->is_ready(c->store), "ready");
	OK(OPS->is_open(c->store, STORE_WRITING) &&
		   OPS->is_open(c->store, STORE_READING_ASIDE) &&
		   OPS->is_open(c->store, STORE_ADDING_ASIDE),
	   "by all ways");
	domains();
	users();
	aliases();
	changes();
	fixed_and_missing();
	passwords();
	const struct alias sales = {.address = "sales@contract.example"};
	lists_of(&sales);
	rights_to_read();
	rights_to_write();
	administrators();
	populate();
	lists();
	usage_contract(c, arena);
	survey_contract(c, arena);
	tally_contract(c, arena);
	expiry();
	numbers();
	removal();
	arena_free(arena);
	return tap_done();
}
