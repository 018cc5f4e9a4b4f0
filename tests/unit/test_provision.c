#include "core/alias.h"
#include "core/domain.h"
#include "core/keyring.h"
#include "core/keys.h"
#include "core/listing.h"
#include "core/user.h"
#include "tests/lib/records.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/clock.h"

#define U(member) ((struct field)FIELD(struct user, member))

static struct world *w;

static struct user new_user(const char *address)
{
	struct user u = user_defaults;

	u.address = address;
	return u;
}

static bool create_user(const struct task *t, struct user *u, struct err *e)
{
	struct revision rev;

	*e = (struct err){0};
	return provision_create(&w->gateway, t, KIND_USER, u, &rev, e);
}

static struct user read_user(const char *address, struct revision *rev)
{
	struct user u;
	struct err e = {0};

	if (!provision_read(&w->gateway, &w->admin, KIND_USER, address, &u, rev,
			    &e))
		printf("# cannot read %s: %s\n", address, e.text);
	return u;
}

/* Who makes which user, and what becomes of it. */
static const struct {
	const char *name, *address, *clear, *ready;
	bool as_ann;
	enum err_kind kind;
	const char *code, *conflicts_with;
} creations[] = {
	{"a user", "New@Example.org", "x", NULL, false, ERR_NONE, NULL, NULL},
	{"without a password", "n2@example.org", NULL, NULL, false, ERR_NONE,
	 NULL, NULL},
	{"with a hash", "n3@example.org", NULL, "$fake$h", false, ERR_NONE,
	 NULL, NULL},
	{"with a hash we refuse", "n4@example.org", NULL, "{SSHA}x", false,
	 ERR_INVALID, NULL, NULL},
	{"a bad address", "n 5@example.org", NULL, NULL, false, ERR_INVALID,
	 NULL, NULL},
	{"in a disabled domain", "n6@closed.example", NULL, NULL, false,
	 ERR_CONFLICT, "domain_disabled", NULL},
	{"in no domain of ours", "n7@else.example", NULL, NULL, false,
	 ERR_INVALID, NULL, NULL},
	{"the same for somebody else", "n7@else.example", NULL, NULL, true,
	 ERR_DENIED, NULL, NULL},
	{"in a domain one may not see", "n8@example.org", NULL, NULL, true,
	 ERR_DENIED, NULL, NULL},
	{"an address of a user", "bob@example.org", "x", NULL, false,
	 ERR_EXISTS, NULL, "/v1/users/bob@example.org"},
	{"an address of an alias", "sales@example.org", "x", NULL, false,
	 ERR_EXISTS, NULL, "/v1/aliases/sales@example.org"},
};

static void creation(void)
{
	for (size_t i = 0; i < COUNT(creations); i++) {
		struct user u = new_user(creations[i].address);
		const struct task *t =
			creations[i].as_ann ? &w->ann : &w->admin;
		unsigned writes = store_mem_writes(w->store);
		struct err e;

		u.clear = creations[i].clear;
		u.ready = creations[i].ready;
		bool good = create_user(t, &u, &e);
		NUMBER(e.kind, creations[i].kind, creations[i].name);
		IS(e.code, creations[i].code, "its code");
		IS(e.conflicts_with, creations[i].conflicts_with,
		   "what is in the way");
		NUMBER(store_mem_writes(w->store) - writes, good,
		       "something is written only if it succeeds");
	}
	NUMBER(w->hasher.hashed, 3,
	       "a password is hashed as the last thing before the write");
}

static void what_was_created(void)
{
	struct user u = new_user("Full@Example.org");
	struct revision rev;
	struct err e;

	u.clear = "x";
	create_user(&w->admin, &u, &e);
	IS(u.address, "full@example.org", "the address is folded");
	IS(u.name, "full", "what follows from the rest is filled in");
	OK(u.id != NULL && u.created_at != NULL && u.updated_at != NULL,
	   "and what the store gives");
	NUMBER(u.quota_bytes, 1000, "the quota is the domain's");
	IS(store_mem_password(w->store, "full@example.org"), "{CRYPT}$fake$x",
	   "the password is stored hashed");
	u = read_user("full@example.org", &rev);
	OK(u.clear == NULL && u.stored.hash == NULL && u.ready == NULL,
	   "and never read back");
	IS(store_mem_password(w->store, "n3@example.org"), "{CRYPT}$fake$h",
	   "a ready hash is stored in our form");
	IS(store_mem_password(w->store, "n2@example.org"), NULL,
	   "without a password there is none");
	u = new_user("zero@example.org");
	u.quota_bytes = 0;
	create_user(&w->admin, &u, &e);
	NUMBER(u.quota_bytes, 0, "a quota that was given is not inherited");
}

static void creation_faults(void)
{
	struct user u = new_user("a b@example.org");
	struct domain d = domain_defaults;
	struct alias al = alias_defaults;
	const char *to[] = {"ann@example.org"};
	struct revision rev;
	struct err e = {0};

	u.quota_bytes = -1;
	u.clear = "";
	create_user(&w->admin, &u, &e);
	NUMBER(fault_count(&e), 3, "all faults at once");
	u = new_user("x@else.example");
	create_user(&w->admin, &u, &e);
	NUMBER(fault_kind_of(&e, U(address)), FAULT_REFERENCE,
	       "a domain that is not there is a fault of the address");
	u = new_user("x@example.org");
	u.ready = "{SSHA}x";
	create_user(&w->admin, &u, &e);
	NUMBER(fault_kind_of(&e, U(ready)), FAULT_FORMAT,
	       "a hash that is refused, one of the hash");
	w->hasher.busy = true;
	u.ready = NULL;
	u.clear = "x";
	OK(!create_user(&w->admin, &u, &e) && e.kind == ERR_LIMIT,
	   "too much to hash");
	w->hasher.busy = false;
	d.name = "Example.ORG";
	OK(!provision_create(&w->gateway, &w->admin, KIND_DOMAIN, &d, &rev,
			     &e) &&
		   e.kind == ERR_EXISTS,
	   "a domain that is there");
	IS(e.conflicts_with, "/v1/domains/example.org", "says where");
	al.address = "@example.org";
	al.destinations = (struct text_list){to, 1};
	e = (struct err){0};
	OK(provision_create(&w->gateway, &w->admin, KIND_ALIAS, &al, &rev, &e),
	   "a catch-all");
	IS(al.local_part, NULL, "has no local part");
	store_mem_down(w->store, true);
	u = new_user("down@example.org");
	OK(!create_user(&w->admin, &u, &e) && e.kind == ERR_UNAVAILABLE,
	   "without a store nothing is said of the domain");
	store_mem_down(w->store, false);
}

/* Somebody who may add but not look is not told what is in the way. */
static void taken_unseen(void)
{
	struct domain d = domain_defaults;
	struct revision rev;
	struct err e = {0};

	d.name = "example.org";
	OK(!provision_create(&w->gateway, &w->ann, KIND_DOMAIN, &d, &rev, &e),
	   "a domain that one may not see");
	NUMBER(e.kind, ERR_DENIED, "is denied");
	IS(e.conflicts_with, NULL, "without saying that it is there");
}

static bool change_user(const char *address, const struct user *to,
			struct field f, const struct text_list *if_match,
			struct err *e)
{
	const struct patch patch = {to, &f, 1, false, NULL};
	struct revision rev;
	struct user now;

	*e = (struct err){0};
	return provision_change(&w->gateway, &w->admin, KIND_USER, address,
				&patch, if_match, &now, &rev, e);
}

static unsigned disturbances;

static void touch(void *ctx)
{
	if (disturbances > 0) {
		disturbances--;
		store_mem_touch(w->store, KIND_USER, ctx);
	}
}

static void rename_ann(void *ctx)
{
	struct user u = {.name = "Somebody quicker"};
	struct err e;

	if (disturbances == 0)
		return;
	disturbances--;
	change_user(ctx, &u, U(name), NULL, &e);
}

/* How often others write meanwhile, and what becomes of the change. */
static void others_write(void)
{
	static char address[] = "ann@example.org";
	struct user u = {.clear = "newer"};
	struct err e;

	store_mem_before_write(w->store, touch, address);
	w->hasher.hashed = 0;
	disturbances = 7;
	OK(change_user(address, &u, U(clear), NULL, &e),
	   "seven others are quicker, the eighth try succeeds");
	NUMBER(w->hasher.hashed, 1, "and the hash was made once");
	IS(store_mem_password(w->store, address), "{CRYPT}$fake$newer",
	   "the password is the new one");
	disturbances = 8;
	u.clear = "newest";
	OK(!change_user(address, &u, U(clear), NULL, &e) && e.kind == ERR_LIMIT,
	   "eight others: it is given up");
	disturbances = 0;
	store_mem_before_write(w->store, NULL, NULL);
}

static void if_match(void)
{
	static char address[] = "ann@example.org";
	struct revision rev;
	struct user u = {.given_name = "Ann"};
	struct err e;

	read_user(address, &rev);
	const char *right[] = {"other", rev.etag}, *any[] = {"*"},
		   *wrong[] = {"other", ""};
	struct text_list is_right = {right, 2}, is_any = {any, 1},
			 is_wrong = {wrong, 2}, is_none = {wrong, 0};

	OK(!change_user(address, &u, U(given_name), &is_wrong, &e) &&
		   e.kind == ERR_CHANGED,
	   "another etag");
	OK(!change_user(address, &u, U(given_name), &is_none, &e) &&
		   e.kind == ERR_CHANGED,
	   "none that could match");
	OK(change_user(address, &u, U(given_name), &is_any, &e), "any etag");
	OK(!change_user(address, &u, U(given_name), &is_right, &e),
	   "the etag changed with the record");
	read_user(address, &rev);
	right[1] = rev.etag;
	store_mem_before_write(w->store, touch, address);
	disturbances = 2;
	u.given_name = "Anna";
	OK(change_user(address, &u, U(given_name), &is_right, &e),
	   "what no reader sees does not break a match");
	read_user(address, &rev);
	right[1] = rev.etag;
	store_mem_before_write(w->store, rename_ann, address);
	disturbances = 1;
	u.given_name = "Annabel";
	OK(!change_user(address, &u, U(given_name), &is_right, &e) &&
		   e.kind == ERR_CHANGED,
	   "what others changed in between does");
	IS(read_user(address, &rev).given_name, "Anna", "nothing was written");
	disturbances = 1;
	OK(change_user(address, &u, U(given_name), NULL, &e),
	   "without a condition both changes happen");
	IS(read_user(address, &rev).given_name, "Annabel", "ours");
	IS(read_user(address, &rev).name, "Somebody quicker", "and theirs");
	store_mem_before_write(w->store, NULL, NULL);
}

static void changes(void)
{
	struct user u = {.address = "ANN@example.org"};
	struct revision rev;
	struct err e;

	OK(change_user("Ann@Example.org", &u, U(address), NULL, &e),
	   "the same address in other letters is no change");
	u.address = "anna@else.example";
	OK(!change_user("ann@example.org", &u, U(address), NULL, &e) &&
		   fault_kind_of(&e, U(address)) == FAULT_RANGE,
	   "an address does not move to another domain");
	u.address = NULL;
	OK(!change_user("ann@example.org", &u, U(address), NULL, &e) &&
		   fault_kind_of(&e, U(address)) == FAULT_MISSING,
	   "no address is a fault");
	u.name = "";
	OK(!change_user("ann@example.org", &u, U(name), NULL, &e) &&
		   fault_kind_of(&e, U(name)) == FAULT_FORMAT,
	   "a bad value is a fault");
	u.name = NULL;
	OK(change_user("ann@example.org", &u, U(name), NULL, &e), "no name");
	IS(read_user("ann@example.org", &rev).name, "ann",
	   "brings back the one that follows from the address");
	OK(!change_user("nobody@example.org", &u, U(name), NULL, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "nobody of that name");
	OK(!change_user("no address", &u, U(name), NULL, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "and of no name at all");
	unsigned writes = store_mem_writes(w->store);
	OK(change_user("ann@example.org", &u, U(name), NULL, &e) &&
		   store_mem_writes(w->store) == writes,
	   "what is so already is not written");
}

/* What others wrote past our rules does not keep anybody from changing the
 * rest of it; but nobody writes more of that. */
static void broken_records(void)
{
	struct user stored = new_user("odd@example.org"), u = {.name = "\n"};
	struct revision rev;
	struct err e = {0};

	user_complete(&stored, w->arena);
	stored.name = "\n";
	w->store->ops->add(w->store, &w->admin, KIND_USER, &stored, &rev, &e);
	u.given_name = "Odd";
	OK(change_user("odd@example.org", &u, U(given_name), NULL, &e),
	   "another member of a broken record is changed");
	OK(!change_user("odd@example.org", &u, U(name), NULL, &e) &&
		   fault_kind_of(&e, U(name)) == FAULT_FORMAT,
	   "the broken one cannot be written again");
}

/* By a change of himself nobody gets round his current password. */
static void own_change(void)
{
	static const struct field secrets[] = {FIELD(struct user, clear),
					       FIELD(struct user, ready)};
	const struct user u = {.clear = "new", .ready = "$fake$new"};
	struct user now;
	struct revision rev;

	w->hasher.hashed = 0;
	for (size_t i = 0; i < COUNT(secrets); i++) {
		const struct patch patch = {&u, &secrets[i], 1, false, NULL};
		struct err e = {0};

		OK(!provision_change(&w->gateway, &w->ann, KIND_USER,
				     "Ann@example.org", &patch, NULL, &now,
				     &rev, &e) &&
			   e.kind == ERR_DENIED,
		   "one's own password has a place of its own");
	}
	NUMBER(w->hasher.hashed, 0, "nothing is hashed for that");
}

static void quotas(void)
{
	struct user u = {.quota_bytes = 5},
		    reset = {.quota_bytes = NUMBER_NONE},
		    given = {.given_name = "x"};
	struct domain none = {.default_user_quota_bytes = NUMBER_NONE};
	const struct field f = FIELD(struct domain, default_user_quota_bytes);
	const struct patch patch = {&none, &f, 1, false, NULL};
	struct revision rev;
	struct domain now;
	struct err e = {0};

	change_user("ann@example.org", &u, U(quota_bytes), NULL, &e);
	NUMBER(read_user("ann@example.org", &rev).quota_bytes, 5, "set");
	change_user("ann@example.org", &given, U(given_name), NULL, &e);
	NUMBER(read_user("ann@example.org", &rev).quota_bytes, 5, "kept");
	change_user("ann@example.org", &reset, U(quota_bytes), NULL, &e);
	NUMBER(read_user("ann@example.org", &rev).quota_bytes, 1000,
	       "cleared: the domain's again");
	u.quota_bytes = -1;
	OK(!change_user("ann@example.org", &u, U(quota_bytes), NULL, &e) &&
		   fault_kind_of(&e, U(quota_bytes)) == FAULT_RANGE,
	   "less than nothing");
	OK(provision_change(&w->gateway, &w->admin, KIND_DOMAIN, "example.org",
			    &patch, NULL, &now, &rev, &e),
	   "the domain gives none");
	change_user("ann@example.org", &reset, U(quota_bytes), NULL, &e);
	NUMBER(read_user("ann@example.org", &rev).quota_bytes, NUMBER_NONE,
	       "cleared: none");
}

/* Who sets whose password, how, and what becomes of it. */
static const struct {
	const char *name, *address, *clear, *current;
	bool as_ann;
	enum err_kind kind;
	const char *code, *stored; /* ann's, or bob's where it is his */
} passwords[] = {
	{"an administrator", "Bob@example.org", "one", NULL, false, ERR_NONE,
	 NULL, "{CRYPT}$fake$one"},
	{"of nobody", "nobody@example.org", "one", NULL, false, ERR_NOT_FOUND,
	 NULL, NULL},
	{"an empty one", "bob@example.org", "", NULL, false, ERR_INVALID, NULL,
	 "{CRYPT}$fake$one"},
	{"oneself without the current one", "ann@example.org", "two", NULL,
	 true, ERR_DENIED, "current_password_required", NULL},
	{"with a wrong one", "ann@example.org", "two", "wrong", true,
	 ERR_DENIED, "current_password_wrong", NULL},
	{"with the right one", "ANN@example.org", "two", "secret", true,
	 ERR_NONE, NULL, "{CRYPT}$fake$two"},
	{"somebody else's", "bob@example.org", "three", "secret", true,
	 ERR_NOT_FOUND, NULL, "{CRYPT}$fake$one"},
};

static void new_passwords(void)
{
	for (size_t i = 0; i < COUNT(passwords); i++) {
		const struct new_password n = {passwords[i].clear,
					       passwords[i].current, KEYS_USUAL,
					       NULL};
		const char *key = passwords[i].address;
		struct err e = {0};

		provision_password(&w->gateway,
				   passwords[i].as_ann ? &w->ann : &w->admin,
				   KIND_USER, key, &n, &e);
		NUMBER(e.kind, passwords[i].kind, passwords[i].name);
		IS(e.code, passwords[i].code, "its code");
		if (passwords[i].stored != NULL)
			IS(store_mem_password(w->store,
					      strncmp(key, "ANN", 3) == 0
						      ? "ann@example.org"
						      : "bob@example.org"),
			   passwords[i].stored, "what is stored");
	}
	NUMBER(w->login.fresh, w->login.asked,
	       "the current password is verified afresh");
	OK(w->login.asked == 2, "and only where it is asked for");
	w->login.busy = true;
	const struct new_password n = {"four", "secret", KEYS_USUAL, NULL};
	struct err e = {0};
	OK(!provision_password(&w->gateway, &w->ann, KIND_USER,
			       "ann@example.org", &n, &e) &&
		   e.kind == ERR_LIMIT,
	   "who cannot be verified now is told to come again");
	w->login.busy = false;
}

static unsigned revoked;

static bool revoke(struct keyring *r, const struct task *t, const char *owner,
		   struct err *e)
{
	(void)r, (void)t, (void)owner, (void)e;
	revoked++;
	return true;
}

/* Whether it was done nobody can say. */
static bool lost_change(struct store *s, const struct task *t, enum kind k,
			const void *old, void *record,
			const struct revision *seen, struct revision *ret,
			struct err *e)
{
	(void)s, (void)t, (void)k, (void)old, (void)record, (void)seen;
	(void)ret;
	return err_code(e, ERR_UNKNOWN, "outcome_unknown", "lost");
}

static void doubtful_passwords(void)
{
	static const struct keyring_ops keys = {.revoke = revoke};
	struct keyring ring = {&keys};
	const struct store_ops *ops = w->store->ops;
	struct store_ops lossy = *ops;
	struct user u = new_user("bob@example.org"), now;
	const struct field clear[] = {U(clear)}, name[] = {U(name)};
	const struct patch one = {&u, clear, 1, false, NULL},
			   two = {&u, name, 1, false, NULL};
	const struct new_password n = {"five", NULL, KEYS_USUAL, NULL},
				  kept = {"five", NULL, KEYS_KEEP, NULL};
	struct revision rev;
	struct err e = {0};

	u.clear = "five";
	u.name = "Bob";
	lossy.change = lost_change;
	w->store->ops = &lossy;
	w->gateway.keyring = &ring;
	OK(!provision_change(&w->gateway, &w->admin, KIND_USER, u.address, &one,
			     NULL, &now, &rev, &e) &&
		   e.kind == ERR_UNKNOWN && revoked == 1,
	   "where a password may be another his keys are gone");
	err_clear(&e);
	OK(!provision_password(&w->gateway, &w->admin, KIND_USER, u.address, &n,
			       &e) &&
		   e.kind == ERR_UNKNOWN && revoked == 2,
	   "at its own place, too");
	err_clear(&e);
	OK(!provision_password(&w->gateway, &w->admin, KIND_USER, u.address,
			       &kept, &e) &&
		   revoked == 2,
	   "unless they are to be kept");
	err_clear(&e);
	OK(!provision_change(&w->gateway, &w->admin, KIND_USER, u.address, &two,
			     NULL, &now, &rev, &e) &&
		   e.kind == ERR_UNKNOWN && revoked == 2,
	   "nor by any other change");
	keys_after_doubt(&w->gateway, &w->ann, KIND_USER, &one, u.address, &e);
	NUMBER(revoked, 2, "nor by who might not remove him");
	w->store->ops = ops;
	w->gateway.keyring = NULL;
}

static void going(void)
{
	static char address[] = "bob@example.org";
	const char *wrong[] = {"x"};
	const struct text_list is_wrong = {wrong, 1};
	struct err e = {0};

	OK(!world_remove(&w->gateway, &w->admin, KIND_DOMAIN, "example.org",
			 false, NULL, &e) &&
		   e.kind == ERR_CONFLICT,
	   "a domain that has something in it stays");
	OK(!world_remove(&w->gateway, &w->ann, KIND_USER, address, false, NULL,
			 &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "what one does not see one cannot remove");
	OK(!world_remove(&w->gateway, &w->admin, KIND_USER, address, false,
			 &is_wrong, &e) &&
		   e.kind == ERR_CHANGED,
	   "not in the state one saw");
	store_mem_before_write(w->store, touch, address);
	disturbances = 7;
	OK(world_remove(&w->gateway, &w->admin, KIND_USER, "BOB@example.org",
			false, NULL, &e),
	   "others write meanwhile: removed all the same");
	store_mem_before_write(w->store, NULL, NULL);
	OK(!world_remove(&w->gateway, &w->admin, KIND_USER, address, false,
			 NULL, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "removed once");
	OK(world_remove(&w->gateway, &w->admin, KIND_DOMAIN, "closed.example",
			false, NULL, &e),
	   "an empty domain goes");
}

static void lists(void)
{
	struct query q = {.kind = KIND_USER, .limit = 10};
	struct page page = {0};
	struct err e = {0};

	OK(listing(&w->gateway, &w->admin, &q, &page, &e) && page.count > 2,
	   "administrators list");
	OK(!listing(&w->gateway, &w->ann, &q, &page, &e) &&
		   e.kind == ERR_DENIED,
	   "who may not look everywhere is told so");
	q.domain = "example.org";
	OK(!listing(&w->gateway, &w->ann, &q, &page, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "a domain one may not see is not there");
}

static struct store_ops ops; /* the store's, with a clock */
static const struct store_ops *plain;
static unsigned asked, slow_from;

static bool list(struct store *s, const struct task *t, const struct query *q,
		 struct page *ret, struct err *e)
{
	return ++asked < slow_from
		       ? plain->list(s, t, q, ret, e)
		       : err_set(e, ERR_TIMEOUT, "the directory is slow");
}

static void many_aliases(unsigned count)
{
	const char *to[] = {"ann@example.org"}, *none[] = {"x@many.example"};
	struct domain d = domain_defaults;
	struct revision rev;
	struct err e = {0};

	d.name = "many.example";
	domain_complete(&d, w->arena);
	if (!plain->add(w->store, &w->admin, KIND_DOMAIN, &d, &rev, &e))
		OK(false, e.text);

	for (unsigned i = 0; i < count; i++) {
		struct alias al = alias_defaults;

		al.address = arena_printf(w->arena, "z%05u@many.example", i);
		al.destinations =
			(struct text_list){i == count - 1 ? none : to, 1};
		alias_complete(&al, w->arena);
		if (!plain->add(w->store, &w->admin, KIND_ALIAS, &al, &rev, &e))
			OK(false, e.text);
	}
}

/* One that is wanted among very many. */
static void sieves(void)
{
	const bool no = false;
	struct query q = {.kind = KIND_ALIAS,
			  .domain = "many.example",
			  .limit = 10,
			  .ok = &no};
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task t = w->admin;
	struct page page = {0};
	struct err e = {0};

	plain = w->store->ops;
	ops = *plain;
	ops.list = list;
	w->store->ops = &ops;
	many_aliases(1500);
	t.arena = a;
	slow_from = 100;
	OK(listing(&w->gateway, &t, &q, &page, &e) && page.count == 1 &&
		   !page.more && asked == 2,
	   "is found in two rounds");
	OK(strcmp(kind_key(KIND_ALIAS, page.records), "z01499@many.example") ==
			   0 &&
		   arena_used(a) < 20000,
	   "and nothing else is kept");
	asked = 0;
	slow_from = 2;
	OK(listing(&w->gateway, &t, &q, &page, &e) && page.count == 0 &&
		   page.more && page.last != NULL,
	   "a slow directory makes a short page");
	q.after = page.last;
	asked = 0;
	OK(listing(&w->gateway, &t, &q, &page, &e) && page.count == 1 &&
		   !page.more,
	   "and the next goes on there");
	asked = slow_from;
	OK(!listing(&w->gateway, &t, &q, &page, &e) && e.kind == ERR_TIMEOUT,
	   "where nothing was looked at it has failed");
	asked = 0;
	q.after = NULL;
	e = (struct err){0};
	t.deadline = clock_now() + 1000;
	slow_from = 100;
	OK(listing(&w->gateway, &t, &q, &page, &e) && asked == 1 && page.more,
	   "a page ends before its time does");
	w->store->ops = plain;
}

int main(void)
{
	w = world_open();
	creation();
	what_was_created();
	creation_faults();
	taken_unseen();
	others_write();
	if_match();
	changes();
	broken_records();
	own_change();
	quotas();
	new_passwords();
	doubtful_passwords();
	going();
	lists();
	sieves();
	world_close(&w);
	return tap_done();
}
