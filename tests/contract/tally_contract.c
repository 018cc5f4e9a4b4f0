#include "tests/contract/tally_contract.h"

#include <string.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/tally.h"
#include "core/user.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/text.h"

enum { PATIENCE = 30000 };

static const struct contract *con;
static struct arena *arena;
static struct task admin, guest;

static const char limited[] = "limited.example", other[] = "other.example";

#define OPS con->store->ops
#define NONE NUMBER_NONE

static const struct tally two_users = {2, NONE, NONE};

static struct domain add_domain(const char *name, int64_t max_users)
{
	struct domain d = domain_defaults;
	struct revision rev;
	struct err e = {0};

	d.name = name;
	d.max_users = max_users;
	domain_complete(&d, arena);
	if (!OPS->add(con->store, &admin, KIND_DOMAIN, &d, &rev, &e))
		OK(false, e.text);
	return d;
}

static void add_user(const char *address, int64_t quota)
{
	struct user u = user_defaults;
	struct revision rev;
	struct err e = {0};

	u.address = address;
	u.quota_bytes = quota;
	user_complete(&u, arena);
	if (!OPS->add(con->store, &admin, KIND_USER, &u, &rev, &e))
		OK(false, e.text);
}

/* How it ended: "" or the code and the numbers. */
static const char *reserved(const char *domain, const char *id,
			    const struct tally *limits, struct tally more)
{
	struct err e = {0};

	/* It is the gateway that counts: nobody needs the right to. */
	if (OPS->reserve(con->store, &guest, domain, id, limits, &more, &e))
		return "";
	if (e.counts == NULL)
		return arena_strdup(arena, e.text);
	return arena_printf(arena, "%s %s %lld %s %lld", e.code,
			    e.counts[0].name, (long long)e.counts[0].number,
			    e.counts[1].name, (long long)e.counts[1].number);
}

static void release(const char *domain, struct tally less, const char *what)
{
	struct err e = {0};

	OK(OPS->release(con->store, &guest, domain, NULL, &less, &e), what);
}

/* What there is of it, asked by wanting more than there can be. */
static const char *users_of(const char *domain, const char *id)
{
	return reserved(domain, id, &two_users, (struct tally){.users = 2});
}

static struct recount recount(const char *domain, const char *settled)
{
	struct recount ret;
	struct err e = {0};

	if (!OPS->recount(con->store, &guest, domain, settled, &ret, &e))
		OK(false, e.text);
	return ret;
}

static const char *names(const char *after, size_t limit)
{
	struct text_list found = {0};
	const char *text = "";
	struct err e = {0};
	bool more;

	if (!OPS->tallied(con->store, &guest, after, limit, &found, &more, &e))
		return arena_strdup(arena, e.text);
	for (size_t i = 0; i < found.count; i++)
		text = arena_printf(arena, "%s%s ", text, found.items[i]);
	return more ? arena_printf(arena, "%s...", text) : text;
}

static void counting(const struct domain *d)
{
	const struct tally one = {.users = 1};

	IS(names(NULL, 10), "", "nothing is counted at first");
	release(limited, one, "nothing is released of nothing");
	IS(names(NULL, 10), "", "nor counted then");
	add_user("first@limited.example", 5);
	IS(reserved(limited, d->id, &two_users, one), "",
	   "the second of two users");
	IS(reserved(limited, d->id, &two_users, one),
	   "limit_reached users 2 max_users 2",
	   "the third: who was there is counted");
	IS(reserved(limited, d->id, &two_users,
		    (struct tally){.aliases = 7, .quota_bytes = 7}),
	   "", "what is not limited is not counted");
	release(limited, one, "one is given back");
	IS(users_of(limited, d->id), "limit_reached users 1 max_users 2",
	   "that is less");
	release(limited, (struct tally){.users = 2}, "more than there is");
	IS(users_of(limited, d->id), "limit_reached users 1 max_users 2",
	   "is not given back");
}

static void quotas(const struct domain *d)
{
	const struct tally all = {2, 1, 10}, big = {NONE, NONE, INT64_MAX};

	IS(reserved(limited, d->id, &all,
		    (struct tally){.users = 1, .quota_bytes = 6}),
	   "limit_reached quota_bytes 5 max_quota_bytes 10",
	   "a new limit is counted as soon as it is asked for");
	IS(users_of(limited, d->id), "limit_reached users 1 max_users 2",
	   "of what is refused nothing is counted");
	IS(reserved(limited, d->id, &all,
		    (struct tally){.users = 1, .quota_bytes = 5}),
	   "", "up to the limit");
	IS(reserved(limited, d->id, &all, (struct tally){.aliases = 1}), "",
	   "an alias");
	IS(reserved(limited, d->id, &all, (struct tally){.aliases = 1}),
	   "limit_reached aliases 1 max_aliases 1", "and no second");
	IS(reserved(limited, d->id, &big,
		    (struct tally){.quota_bytes = INT64_MAX}),
	   "limit_reached quota_bytes 10 max_quota_bytes "
	   "9223372036854775807",
	   "the largest numbers do not overflow");
	IS(reserved(limited, d->id, &big,
		    (struct tally){.quota_bytes = INT64_MAX - 10}),
	   "", "but are reached");
	release(limited,
		(struct tally){.users = 1,
			       .aliases = 1,
			       .quota_bytes = INT64_MAX - 5},
		"all that is given back");
	IS(reserved(limited, d->id, &all, (struct tally){.quota_bytes = 6}),
	   "limit_reached quota_bytes 5 max_quota_bytes 10", "at once");
}

static void forgetting(const struct domain *d)
{
	const struct tally users = {.users = 1};
	struct err e = {0};

	add_user("second@limited.example", 0);
	IS(users_of(limited, d->id), "limit_reached users 1 max_users 2",
	   "what others write is not counted at once");
	OK(OPS->forget(con->store, &guest, limited, d->id, &users, &e),
	   "a counter is forgotten");
	IS(users_of(limited, d->id), "limit_reached users 2 max_users 2",
	   "and counted anew");
	OK(OPS->forget(con->store, &guest, limited, "another", NULL, &e),
	   "a domain that has gone is forgotten");
	IS(names(NULL, 10), "limited.example ",
	   "but not the one that has its name now");
	IS(reserved(limited, "another", &two_users, users),
	   "limit_reached users 2 max_users 2",
	   "another domain begins anew with what there is");
	OK(OPS->forget(con->store, &guest, limited, "another", NULL, &e) &&
		   OPS->forget(con->store, &guest, limited, "another", NULL,
			       &e),
	   "all of it is forgotten, and once more");
	IS(names(NULL, 10), "", "and gone");
}

static void recounting(const struct domain *d)
{
	const struct tally one = {.users = 1}, three = {3, NONE, NONE};
	struct recount r = recount(limited, NULL);

	OK(r.guard == NULL, "what is not counted cannot be counted anew");
	IS(reserved(limited, d->id, &three, one), "", "2 there, 1 to come");
	r = recount(limited, NULL);
	OK(r.guard != NULL && !r.settled && !r.mended,
	   "what is to come is not taken away");
	const char *seen = r.guard;
	IS(reserved(limited, d->id, &three, one),
	   "limit_reached users 3 max_users 3", "nor is there room for it");
	add_user("third@limited.example", 0);
	add_user("fourth@limited.example", 0);
	r = recount(limited, NULL);
	OK(r.mended && !r.settled, "counters are raised to what there is");
	IS(reserved(limited, d->id, &three, one),
	   "limit_reached users 4 max_users 3", "though it is too much");
	r = recount(limited, seen);
	OK(!r.settled && !r.mended && !text_equal(r.guard, seen),
	   "a guard holds until it is written");
	release(limited, (struct tally){.users = 3}, "too much is given back");
	seen = recount(limited, NULL).guard;
	IS(reserved(limited, d->id, &(struct tally){9, NONE, NONE},
		    (struct tally){.users = 4}),
	   "", "too much is counted");
	seen = recount(limited, NULL).guard;
	r = recount(limited, seen);
	OK(r.settled && r.mended, "once nothing is to come, all is set right");
	IS(reserved(limited, d->id, &three, one),
	   "limit_reached users 4 max_users 3", "to what there is");
}

static const char *mark_of(const char *domain)
{
	const char *mark = NULL;
	struct err e = {0};

	if (!OPS->mark(con->store, &guest, domain, &mark, &e))
		OK(false, e.text);
	return mark;
}

static void release_of(const char *mark)
{
	const struct tally one = {.users = 1};
	struct err e = {0};

	if (!OPS->release(con->store, &guest, limited, mark, &one, &e))
		OK(false, e.text);
}

/* Something is removed; before that is counted the domain is counted anew. */
static void marks(const struct domain *d)
{
	const struct tally three = {3, NONE, NONE}, nine = {9, NONE, NONE};
	const char *before = mark_of(limited);

	OK(mark_of("none.example") == NULL, "what is not counted has no mark");
	IS(reserved(limited, d->id, &nine, (struct tally){.users = 2}), "",
	   "four, and two to come");
	OK(text_equal(mark_of(limited), before), "the mark stays");
	release_of(before);
	recount(limited, recount(limited, NULL).guard);
	OK(!text_equal(mark_of(limited), before),
	   "until the domain is counted anew");
	release_of(before);
	IS(reserved(limited, d->id, &three, (struct tally){.users = 1}),
	   "limit_reached users 4 max_users 3",
	   "then nothing is less that was counted before");
	release_of(mark_of(limited));
	IS(reserved(limited, d->id, &three, (struct tally){.users = 1}),
	   "limit_reached users 3 max_users 3", "but what is counted now");
}

/* Of two domains, one after the other. */
static void listing(const struct domain *d)
{
	const struct tally one = {.users = 1};
	struct recount r;

	IS(reserved(other, d->id, &two_users, one), "", "another domain");
	IS(names(NULL, 10), "limited.example other.example ",
	   "those that are counted, sorted");
	IS(names(NULL, 1), "limited.example ...", "some of them");
	IS(names(limited, 1), "other.example ", "and the rest");
	r = recount(other, recount(other, NULL).guard);
	OK(r.guard == NULL,
	   "the tally of a domain without limits is done away with");
	IS(names(NULL, 10), "limited.example ", "when it is settled");
}

void tally_contract(const struct contract *c, struct arena *a)
{
	con = c;
	arena = a;
	admin = (struct task){.arena = a,
			      .caller = c->admin,
			      .deadline = clock_now() + PATIENCE};
	guest = (struct task){.arena = a,
			      .caller = c->guest,
			      .deadline = clock_now() + PATIENCE};
	const struct domain d = add_domain(limited, 2);
	const struct domain no = add_domain(other, NUMBER_NONE);

	counting(&d);
	quotas(&d);
	forgetting(&d);
	recounting(&d);
	marks(&d);
	listing(&no);
}
