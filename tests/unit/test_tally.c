#include "core/tally.h"

#include <string.h>

#include "core/alias.h"
#include "core/provision.h"
#include "tests/lib/records.h"
#include "tests/lib/tally_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/text.h"

#define D(member) ((struct field)FIELD(struct domain, member))
#define U(member) ((struct field)FIELD(struct user, member))

static struct world *w;
static const char here[] = "example.org";

static bool change_domain(struct domain to, struct field f)
{
	const struct patch p = {&to, &f, 1, false, NULL};
	struct domain now;
	struct revision rev;
	struct err e = {0};

	return provision_change(&w->gateway, &w->admin, KIND_DOMAIN, here, &p,
				NULL, &now, &rev, &e);
}

static bool set_quota(const char *address, int64_t quota, struct err *e)
{
	struct user to = {.quota_bytes = quota}, now;
	const struct field f = U(quota_bytes);
	const struct patch p = {&to, &f, 1, false, NULL};
	struct revision rev;

	*e = (struct err){0};
	return provision_change(&w->gateway, &w->admin, KIND_USER, address, &p,
				NULL, &now, &rev, e);
}

static bool new_user(const struct task *t, const char *address, int64_t quota,
		     struct err *e)
{
	struct user u = user_defaults;
	struct revision rev;

	*e = (struct err){0};
	u.address = address;
	u.quota_bytes = quota;
	return provision_create(&w->gateway, t, KIND_USER, &u, &rev, e);
}

static bool new_alias(const char *address, struct err *e)
{
	const char *to[] = {"x@elsewhere.example"};
	struct alias al = alias_defaults;
	struct revision rev;

	*e = (struct err){0};
	al.address = address;
	al.destinations = (struct text_list){to, 1};
	return provision_create(&w->gateway, &w->admin, KIND_ALIAS, &al, &rev,
				e);
}

static bool is_full(bool done, const struct err *e, const char *counter)
{
	return !done && e->kind == ERR_CONFLICT &&
	       text_equal(e->code, "limit_reached") && e->counts != NULL &&
	       strcmp(e->counts[0].name, counter) == 0;
}

static void is_counted(int64_t users, int64_t aliases, int64_t quota,
		       const char *what)
{
	const struct tally *n = tally_mem_of(w->store, here);

	OK(n != NULL && n->users == users && n->aliases == aliases &&
		   n->quota_bytes == quota,
	   what);
}

static void without(void)
{
	struct err e;

	OK(new_user(&w->admin, "free@example.org", 0, &e) &&
		   world_remove(&w->gateway, &w->admin, KIND_USER,
				"free@example.org", false, NULL, &e),
	   "a user comes and goes where there are no limits");
	OK(tally_mem_of(w->store, here) == NULL, "and nothing is counted");
}

static void users(void)
{
	struct domain to = domain_defaults;
	struct err e;

	to.max_users = 3;
	OK(change_domain(to, D(max_users)), "three users at most");
	OK(new_user(&w->admin, "third@example.org", 0, &e), "the third");
	bool done = new_user(&w->admin, "fourth@example.org", 0, &e);
	OK(is_full(done, &e, "users"), "and no fourth");
	unsigned writes = store_mem_writes(w->store);
	done = new_user(&w->ann, "fourth@example.org", 0, &e);
	OK(!done && e.kind == ERR_DENIED &&
		   store_mem_writes(w->store) == writes,
	   "who may not is told just that, and takes nobody's room");
	is_counted(3, NUMBER_NONE, NUMBER_NONE, "all are counted, no more");
	world_remove(&w->gateway, &w->admin, KIND_USER, "third@example.org",
		     false, NULL, &e);
	is_counted(2, NUMBER_NONE, NUMBER_NONE, "one less");
	done = new_user(&w->admin, "ann@example.org", 0, &e);
	OK(!done && e.kind == ERR_EXISTS, "one that is there");
	is_counted(2, NUMBER_NONE, NUMBER_NONE, "is not counted twice");
	to.max_users = 0;
	change_domain(to, D(max_users));
	OK(new_user(&w->admin, "third@example.org", 0, &e) &&
		   new_user(&w->admin, "fourth@example.org", 0, &e),
	   "0 is no limit");
	to.max_users = 3;
	change_domain(to, D(max_users));
	done = new_user(&w->admin, "fifth@example.org", 0, &e);
	OK(is_full(done, &e, "users") && e.counts[0].number == 4,
	   "limited anew, all are counted anew");
}

static void aliases(void)
{
	struct domain to = domain_defaults;
	struct alias as = {.address = "shop@example.org"}, now;
	const struct field f = FIELD(struct alias, address);
	const struct patch keep = {&as, &f, 1, true, NULL};
	struct revision rev;
	struct err e;

	to.max_aliases = 2;
	OK(change_domain(to, D(max_aliases)), "two aliases at most");
	OK(new_alias("info@example.org", &e), "the second");
	bool done = new_alias("more@example.org", &e);
	OK(is_full(done, &e, "aliases"), "and no third");
	done = provision_change(&w->gateway, &w->admin, KIND_ALIAS,
				"sales@example.org", &keep, NULL, &now, &rev,
				&e);
	OK(is_full(done, &e, "aliases"), "nor one by renaming");
	world_remove(&w->gateway, &w->admin, KIND_ALIAS, "info@example.org",
		     false, NULL, &e);
	e = (struct err){0};
	OK(provision_change(&w->gateway, &w->admin, KIND_ALIAS,
			    "sales@example.org", &keep, NULL, &now, &rev, &e),
	   "unless there is room");
	done = new_alias("more@example.org", &e);
	OK(is_full(done, &e, "aliases"), "and then there is none");
}

static void quotas(void)
{
	struct domain to = domain_defaults;
	struct err e;

	/* Ann and Bob have 1000 each. */
	change_domain(to, D(default_user_quota_bytes));
	to.quota_bytes = 2100;
	change_domain(to, D(quota_bytes));
	to.max_users = 10;
	change_domain(to, D(max_users));
	OK(!new_user(&w->admin, "q@example.org", NUMBER_NONE, &e) &&
		   fault_kind_of(&e, U(quota_bytes)) == FAULT_RANGE,
	   "where users share a quota, each needs one");
	OK(set_quota("ann@example.org", 1060, &e), "it may be larger");
	OK(!set_quota("ann@example.org", 0, &e) &&
		   fault_kind_of(&e, U(quota_bytes)) == FAULT_RANGE,
	   "and keeps it");
	is_counted(4, 2, 2060, "it is counted");
	bool done = set_quota("bob@example.org", 1041, &e);
	OK(is_full(done, &e, "quota_bytes"), "not beyond that of the domain");
	OK(set_quota("ann@example.org", 1050, &e), "less");
	is_counted(4, 2, 2050, "is less");
	OK(set_quota("bob@example.org", 1050, &e), "and room for another");
	store_mem_trouble(w->store, 1, STORE_MEM_DIES_BEFORE);
	OK(!set_quota("ann@example.org", 1040, &e), "what was not written");
	store_mem_down(w->store, false);
	is_counted(4, 2, 2100, "is not counted less");
	OK(world_remove(&w->gateway, &w->admin, KIND_USER, "bob@example.org",
			false, NULL, &e),
	   "a user goes");
	is_counted(3, 2, 1050, "and his quota with him");
}

static struct store_ops deaf; /* the store's, whose answers get lost */
static const struct store_ops *hearing;
static unsigned unheard;

static bool change_unheard(struct store *s, const struct task *t, enum kind k,
			   const void *old, void *record,
			   const struct revision *seen, struct revision *ret,
			   struct err *e)
{
	/* Trials are asked with a guard that is none. */
	if (seen->guard[0] == '\0' || unheard == 0)
		return hearing->change(s, t, k, old, record, seen, ret, e);
	unheard--;
	return err_code(e, ERR_UNKNOWN, "outcome_unknown", "no answer");
}

/* However often it is tried, it is counted once. */
static void again(void)
{
	struct err e;

	hearing = w->store->ops;
	deaf = *hearing;
	deaf.change = change_unheard;
	w->store->ops = &deaf;
	unheard = 2;
	OK(set_quota("ann@example.org", 2050, &e),
	   "what was not done is tried again");
	is_counted(4, 2, 2060, "and counted once");
	unheard = 1;
	OK(set_quota("ann@example.org", 1050, &e), "less, at the second try");
	is_counted(4, 2, 1060, "is less");
	unheard = 100;
	OK(!set_quota("ann@example.org", 1100, &e) && e.kind == ERR_UNKNOWN,
	   "never an answer");
	is_counted(4, 2, 1110, "so it is counted, but once");
	w->store->ops = hearing;
}

static void lost(void)
{
	struct err e;

	store_mem_trouble(w->store, 1, STORE_MEM_DIES_AFTER);
	OK(!new_user(&w->admin, "lost@example.org", 10, &e) &&
		   e.kind == ERR_UNKNOWN,
	   "nobody knows whether he was made");
	store_mem_down(w->store, false);
	is_counted(4, 2, 1060, "so he is counted");
}

static void count_anew(void)
{
	struct recount r;
	struct err e = {0};

	hearing->recount(w->store, &w->admin, here, NULL, &r, &e);
	hearing->recount(w->store, &w->admin, here, r.guard, &r, &e);
}

static bool release_late(struct store *s, const struct task *t,
			 const char *domain, const char *mark,
			 const struct tally *less, struct err *e)
{
	count_anew();
	return hearing->release(s, t, domain, mark, less, e);
}

/* All are counted anew when something is gone and not yet told. */
static void raced(void)
{
	struct err e;

	hearing = w->store->ops;
	deaf = *hearing;
	deaf.release = release_late;
	w->store->ops = &deaf;
	count_anew();
	int64_t users = tally_mem_of(w->store, here)->users;
	OK(world_remove(&w->gateway, &w->admin, KIND_USER, "third@example.org",
			false, NULL, &e),
	   "a user goes while all are counted");
	OK(tally_mem_of(w->store, here)->users == users - 1,
	   "he is taken off once");
	int64_t bytes = tally_mem_of(w->store, here)->quota_bytes;
	OK(set_quota("ann@example.org", 1000, &e), "a quota is lowered");
	OK(tally_mem_of(w->store, here)->quota_bytes < bytes, "and counted");
	bytes = tally_mem_of(w->store, here)->quota_bytes;
	count_anew();
	OK(tally_mem_of(w->store, here)->quota_bytes == bytes, "once, too");
	w->store->ops = hearing;
}

int main(void)
{
	w = world_open();
	without();
	users();
	aliases();
	quotas();
	lost();
	again();
	raced();
	world_close(&w);
	return tap_done();
}
