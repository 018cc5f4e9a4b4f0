#include "core/replace.h"

#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
#include "tests/lib/records.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"

#define U(member) FIELD(struct user, member)
#define ANN "ann@example.org"

static struct world *w;

static const struct field written[] = {
	U(address),     U(name),    U(given_name),
	U(family_name), U(enabled), U(login_enabled),
	U(quota_bytes), U(clear), /* the last: only when it is sent */
};
static const struct field kept[] = {U(id), U(created_at), U(updated_at)};

static struct user now;
static struct revision rev;

static struct replacement with(struct user *u)
{
	return (struct replacement){
		.patch = {u, written, COUNT(written) - (u->clear == NULL)}};
}

static bool put(const struct task *t, const char *key, struct replacement *r,
		struct err *e)
{
	*e = (struct err){0};
	return replace(&w->gateway, t, KIND_USER, key, r, &now, &rev, e);
}

static void creates(void)
{
	struct user u = user_defaults;
	struct replacement r = with(&u);
	struct err e;

	OK(put(&w->admin, "New@Example.org", &r, &e) && r.created,
	   "what is not there is made");
	IS(now.address, "new@example.org", "its key is the path's");
	IS(now.name, "new", "its defaults are those of creation");
	NUMBER(now.quota_bytes, 1000, "of its domain, too");
	OK(now.id != NULL, "it is what was stored");
	r = with(&u);
	u.given_name = "Newt";
	OK(put(&w->admin, "new@example.org", &r, &e) && !r.created,
	   "then it is there");
	IS(now.given_name, "Newt", "and changed");
	r = with(&u);
	OK(!put(&w->admin, "sales@example.org", &r, &e) && e.kind == ERR_EXISTS,
	   "an alias is not replaced by a user");
	IS(e.conflicts_with, "/v1/aliases/sales@example.org", "it is told");
	r = with(&u);
	OK(!put(&w->admin, "x@none.example", &r, &e) && e.kind == ERR_INVALID,
	   "nothing is made in no domain");
	r = with(&u);
	OK(!put(&w->admin, "x@closed.example", &r, &e) &&
		   e.kind == ERR_CONFLICT,
	   "nor in a closed one");
	OK(!put(&w->admin, "no address", &r, &e) && e.kind == ERR_NOT_FOUND,
	   "nor what could not be");
}

static void replaces(void)
{
	struct user u = user_defaults, before;
	struct replacement r = with(&u);
	const char *mailbox, *id;
	struct err e = {0};

	u.name = "Ann";
	u.given_name = "A.";
	u.quota_bytes = 0;
	u.login_enabled = false;
	put(&w->admin, ANN, &r, &e);
	before = now;
	mailbox = now.mailbox_id;
	id = now.id;
	u = user_defaults;
	r = with(&u);
	OK(put(&w->admin, ANN, &r, &e) && !r.created, "a user is replaced");
	OK(strcmp(now.name, "ann") == 0 && now.given_name == NULL &&
		   now.quota_bytes == 1000 && now.login_enabled,
	   "what is not said has its default");
	IS(now.mailbox_id, mailbox, "the mailbox stays");
	IS(now.id, id, "and the identity");
	IS(store_mem_password(w->store, ANN), "{CRYPT}$fake$secret",
	   "and the password");
	u.clear = "other";
	r = with(&u);
	OK(put(&w->admin, ANN, &r, &e), "a password that is said");
	IS(store_mem_password(w->store, ANN), "{CRYPT}$fake$other",
	   "is another");
	u = before;
	r = with(&u);
	r.kept = kept;
	r.kept_count = 2;
	OK(put(&w->admin, ANN, &r, &e), "what was shown may be sent back");
	r.kept_count = 3;
	OK(!put(&w->admin, ANN, &r, &e) &&
		   fault_kind_of(&e, kept[2]) == FAULT_READ_ONLY &&
		   fault_count(&e) == 1,
	   "unless it is no more what is there");
	r = with(&u);
	r.kept = kept;
	r.kept_count = 1;
	u.address = NULL;
	OK(!put(&w->admin, "fresh@example.org", &r, &e) &&
		   fault_kind_of(&e, kept[0]) == FAULT_READ_ONLY,
	   "what is not there has no identity");
}

static void refuses(void)
{
	struct user u = user_defaults;
	struct replacement r = with(&u);
	unsigned writes = store_mem_writes(w->store);
	struct err e;

	u.address = "bob@example.org";
	u.name = "";
	u.quota_bytes = -1;
	OK(!put(&w->admin, ANN, &r, &e) && fault_count(&e) == 3,
	   "all faults at once");
	NUMBER(fault_kind_of(&e, (struct field)U(address)), FAULT_READ_ONLY,
	       "another key is one");
	u = user_defaults;
	r = with(&u);
	u.address = "ANN@example.org";
	OK(put(&w->admin, ANN, &r, &e), "its own in other letters is none");
	writes = store_mem_writes(w->store);
	r = with(&u);
	OK(!put(&w->ann, ANN, &r, &e) && e.kind == ERR_DENIED,
	   "a user does not replace herself");
	u.address = NULL;
	r = with(&u);
	OK(!put(&w->ann, "bob@example.org", &r, &e) && e.kind == ERR_DENIED,
	   "nor somebody whom she does not see");
	r = with(&u);
	OK(!put(&w->ann, "nobody@example.org", &r, &e) && e.kind == ERR_DENIED,
	   "nor nobody");
	NUMBER(store_mem_writes(w->store), writes, "nothing of that was done");
}

static void conditions(void)
{
	struct user u = user_defaults;
	const char *tags[] = {"x"}, *any[] = {"*"};
	const struct text_list wrong = {tags, 1}, whatever = {any, 1};
	struct replacement r = with(&u);
	struct err e;

	r.if_match = &wrong;
	OK(!put(&w->admin, ANN, &r, &e) && e.kind == ERR_CHANGED,
	   "not in the state one saw");
	r.if_match = &whatever;
	OK(put(&w->admin, ANN, &r, &e), "in whatever state");
	tags[0] = rev.etag;
	r.if_match = &wrong;
	OK(put(&w->admin, ANN, &r, &e), "in this one");
	r.if_match = &whatever;
	OK(!put(&w->admin, "none@example.org", &r, &e) && e.kind == ERR_CHANGED,
	   "what has to be there is not made");
	r = with(&u);
	r.must_be_new = true;
	OK(!put(&w->admin, ANN, &r, &e) && e.kind == ERR_CHANGED,
	   "what must not be there is");
	OK(put(&w->admin, "only@example.org", &r, &e) && r.created,
	   "what must not be there is not");
}

/* Others are quicker: each time one of them does the next thing. */
static char todo[] = "                ";
static const char *at;

static void meddle(void *ctx)
{
	struct user u = user_defaults;
	struct revision its;
	struct err e = {0};

	(void)ctx;
	u.address = "race@example.org";
	u.name = "Other";
	if (*at == 'd')
		world_remove(&w->gateway, &w->admin, KIND_USER, u.address,
			     false, NULL, &e);
	else if (*at == 'c')
		provision_create(&w->gateway, &w->admin, KIND_USER, &u, &its,
				 &e);
	at += *at != '\0';
}

static const struct {
	const char *name, *others;
	bool there, match, fresh;
	enum err_kind kind;
	bool created;
} races[] = {
	{"deleted meanwhile: made", "d", true, false, false, ERR_NONE, true},
	{"made meanwhile: replaced", "c", false, false, false, ERR_NONE, false},
	{"deleted, and made again", "dc", true, false, false, ERR_NONE, false},
	{"deleted, but it had to be there", "d", true, true, false, ERR_CHANGED,
	 false},
	{"made, but it had to be new", "c", false, false, true, ERR_CHANGED,
	 false},
	{"on and on", "dcdcdcdcdcdc", true, false, false, ERR_LIMIT, false},
};

static void contests(void)
{
	const char *any[] = {"*"};
	const struct text_list whatever = {any, 1};

	for (size_t i = 0; i < COUNT(races); i++) {
		struct user u = user_defaults;
		struct replacement r = with(&u);
		struct err e = {0};

		snprintf(todo, sizeof(todo), "%s", races[i].there ? "dc" : "d");
		for (at = todo; *at != '\0';)
			meddle(NULL);
		snprintf(todo, sizeof(todo), "%s", races[i].others);
		at = todo;
		r.if_match = races[i].match ? &whatever : NULL;
		r.must_be_new = races[i].fresh;
		u.name = "Mine";
		store_mem_before_write(w->store, meddle, NULL);
		put(&w->admin, "race@example.org", &r, &e);
		store_mem_before_write(w->store, NULL, NULL);
		NUMBER(e.kind, races[i].kind, races[i].name);
		OK(r.created == races[i].created, "whether it was made");
		if (e.kind == ERR_NONE)
			IS(now.name, "Mine", "it is mine");
	}
}

static void domains_and_aliases(void)
{
	const struct field of_alias[] = {FIELD(struct alias, address),
					 FIELD(struct alias, destinations),
					 FIELD(struct alias, enabled),
					 FIELD(struct alias, description)};
	const struct field of_domain[] = {FIELD(struct domain, kind),
					  FIELD(struct domain, target)};
	const char *to[] = {"b@else.example", "A@else.example"};
	struct alias al = alias_defaults, made;
	struct domain d = domain_defaults, got;
	struct replacement r = {.patch = {&al, of_alias, COUNT(of_alias)}};
	struct err e = {0};

	al.destinations = (struct text_list){to, 2};
	OK(replace(&w->gateway, &w->admin, KIND_ALIAS, "Sales@example.org", &r,
		   &made, &rev, &e) &&
		   !r.created && made.destinations.count == 2,
	   "an alias is replaced");
	IS(made.destinations.items[0], "a@else.example", "its list is folded");
	r = (struct replacement){.patch = {&d, of_domain, COUNT(of_domain)}};
	d.kind = "alias";
	d.target = "closed.example";
	OK(!replace(&w->gateway, &w->admin, KIND_DOMAIN, "example.org", &r,
		    &got, &rev, &e) &&
		   fault_kind_of(&e, of_domain[0]) == FAULT_READ_ONLY,
	   "a domain keeps its kind");
}

int main(void)
{
	w = world_open();
	creates();
	replaces();
	refuses();
	conditions();
	contests();
	domains_and_aliases();
	world_close(&w);
	return tap_done();
}
