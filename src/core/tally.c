#include "core/tally.h"

#include "core/address.h"
#include "util/clock.h"
#include "util/text.h"

/* Milliseconds for what is left to do when a request is over. */
enum { AFTERWARDS = 5000 };

struct tally tally_limits(const struct domain *d)
{
	return (struct tally){.users = d->max_users > 0 ? d->max_users
							: NUMBER_NONE,
			      .aliases = d->max_aliases > 0 ? d->max_aliases
							    : NUMBER_NONE,
			      .quota_bytes = d->quota_bytes > 0 ? d->quota_bytes
								: NUMBER_NONE};
}

bool tally_is_limited(const struct tally *limits)
{
	return limits->users != NUMBER_NONE || limits->aliases != NUMBER_NONE ||
	       limits->quota_bytes != NUMBER_NONE;
}

/* One of the limits. */
struct limit {
	struct field of;
	const char *counter, *name; /* in problems */
	const char *noun;
};

/* clang-format off */
#define F(member) FIELD(struct tally, member)
static const struct limit all[] = {
	{F(users),       "users",       "max_users",       "users"},
	{F(aliases),     "aliases",     "max_aliases",     "aliases"},
	{F(quota_bytes), "quota_bytes", "max_quota_bytes", "bytes of quota"},
};
#undef F
/* clang-format on */

static int64_t number(const struct limit *l, const struct tally *of)
{
	return *(const int64_t *)field_in(l->of, of);
}

bool tally_admits(const char *domain, const struct tally *has,
		  const struct tally *more, const struct tally *limits,
		  struct arena *a, struct err *e)
{
	for (size_t i = 0; i < COUNT(all); i++) {
		int64_t is = number(&all[i], has), at = number(&all[i], limits),
			plus = number(&all[i], more);

		if (plus <= 0 || at == NUMBER_NONE || is == NUMBER_NONE ||
		    (plus <= at && is <= at - plus))
			continue;
		const struct err_count counts[] = {{all[i].counter, is},
						   {all[i].name, at},
						   {NULL, 0}};
		e->counts = arena_copy(a, counts, sizeof(counts));
		return err_code(e, ERR_CONFLICT, "limit_reached",
				"%s may have %lld %s and has %lld; this would "
				"be %lld more",
				domain, (long long)at, all[i].noun,
				(long long)is, (long long)plus);
	}
	return true;
}

bool tally_check_quota(const struct domain *d, const struct user *u,
		       struct arena *a, struct err *e)
{
	if (d->quota_bytes <= 0 || u->quota_bytes > 0)
		return true;
	fault_field(e, a, FAULT_RANGE,
		    (struct field)FIELD(struct user, quota_bytes),
		    arena_printf(a,
				 "the users of %s share %lld bytes, so each "
				 "needs a quota of his own",
				 d->name, (long long)d->quota_bytes));
	return false;
}

static struct tally one_more(enum kind k, const void *record)
{
	const struct user *u = record;

	if (k == KIND_ALIAS)
		return (struct tally){.aliases = 1};
	return (struct tally){.users = 1,
			      .quota_bytes =
				      u->quota_bytes > 0 ? u->quota_bytes : 0};
}

static bool hold(const struct gateway *g, const struct task *t,
		 const struct domain *d, const struct tally *more,
		 struct tally_hold *ret, struct err *e)
{
	const struct tally limits = tally_limits(d);
	struct store *s = g->store;

	if (!tally_is_limited(&limits))
		return true;
	if (!s->ops->reserve(s, t, d->name, d->id, &limits, more, e))
		return false;
	ret->domain = d->name;
	for (size_t i = 0; i < COUNT(all); i++)
		*(int64_t *)field_at(all[i].of, &ret->more) +=
			number(&all[i], more);
	return true;
}

/* Who may not write must not take others' room, be it for a moment. */
static bool may_create(const struct gateway *g, const struct task *t,
		       enum kind k, const struct domain *d, const void *record,
		       struct err *e)
{
	const struct tally limits = tally_limits(d);

	if (!tally_is_limited(&limits) ||
	    g->store->ops->may_create(g->store, t, d->name, e))
		return true;
	return e->kind == ERR_NOT_FOUND || e->kind == ERR_DENIED
		       ? err_set(e, ERR_DENIED, "you may not create %s",
				 kind_key(k, record))
		       : false;
}

static bool may_change(const struct gateway *g, const struct task *t,
		       const struct user *u, struct err *e)
{
	const struct revision any = {"", ""};
	struct user same = *u;
	struct revision rev;

	return g->store->ops->change(g->store, t, KIND_USER, u, &same, &any,
				     &rev, e);
}

bool tally_new(const struct gateway *g, const struct task *t, enum kind k,
	       const struct domain *d, const void *record,
	       struct tally_hold *ret, struct err *e)
{
	*ret = (struct tally_hold){0};
	if (!kind_is_address(k))
		return true;
	const struct tally more = one_more(k, record);
	return may_create(g, t, k, d, record, e) &&
	       hold(g, t, d, &more, ret, e);
}

static bool domain_of(const struct gateway *g, const struct task *t,
		      const char *address, struct domain *ret, struct err *e)
{
	struct revision rev;

	if (g->store->ops->get(g->store, t, KIND_DOMAIN,
			       address_domain(address), ret, &rev, e))
		return true;
	/* Who may change what is in it may see it. */
	return e->kind == ERR_NOT_FOUND
		       ? err_set(e, ERR_DENIED, "you may not change %s",
				 address)
		       : false;
}

bool tally_new_alias(const struct gateway *g, const struct task *t,
		     const char *address, struct tally_hold *ret, struct err *e)
{
	const struct tally more = {.aliases = 1};
	struct domain d;

	*ret = (struct tally_hold){0};
	return domain_of(g, t, address, &d, e) && hold(g, t, &d, &more, ret, e);
}

/* If that fails, more is counted than there is, until it is counted anew. */
static void release(const struct gateway *g, const struct task *t,
		    const char *domain, const char *mark,
		    const struct tally *less)
{
	struct task after = *t;
	struct err ignored = {0};

	after.deadline = clock_now() + AFTERWARDS;
	g->store->ops->release(g->store, &after, domain, mark, less, &ignored);
}

void tally_let_go(const struct gateway *g, const struct task *t,
		  const struct tally_hold *h, const struct err *why)
{
	if (h->domain != NULL && why->kind != ERR_UNKNOWN)
		release(g, t, h->domain, NULL, &h->more);
}

const char *tally_seen(const struct gateway *g, const struct task *t,
		       enum kind k, const char *key)
{
	const char *mark = NULL;
	struct err ignored = {0};

	return kind_is_address(k) && g->store->ops->mark(g->store, t,
							 address_domain(key),
							 &mark, &ignored)
		       ? mark
		       : NULL;
}

/* What of a quota counts. */
static int64_t weight(const struct user *u)
{
	return u->quota_bytes > 0 ? u->quota_bytes : 0;
}

static bool change_user(const struct gateway *g, const struct task *t,
			const struct user *old, const struct user *now,
			struct tally_hold *ret, struct err *e)
{
	const int64_t plus = weight(now) - weight(old);
	const struct tally more = {.quota_bytes = plus - ret->more.quota_bytes};
	struct domain d;

	ret->mark = NULL;
	if (plus == 0)
		return true; /* whoever has none may keep it so */
	if (plus < 0)
		ret->mark = tally_seen(g, t, KIND_USER, old->address);
	return domain_of(g, t, old->address, &d, e) &&
	       tally_check_quota(&d, now, t->arena, e) &&
	       (more.quota_bytes <= 0 ||
		(may_change(g, t, old, e) && hold(g, t, &d, &more, ret, e)));
}

/* What was counted when it last was limited is of no use. */
static bool change_domain(const struct gateway *g, const struct task *t,
			  const struct domain *old, const struct domain *now,
			  struct err *e)
{
	const struct tally before = tally_limits(old),
			   after = tally_limits(now);
	struct tally fresh = {0};
	bool any = false;

	for (size_t i = 0; i < COUNT(all); i++) {
		if (number(&all[i], &before) != NUMBER_NONE ||
		    number(&all[i], &after) == NUMBER_NONE)
			continue;
		*(int64_t *)field_at(all[i].of, &fresh) = 1;
		any = true;
	}
	return !any || g->store->ops->forget(g->store, t, old->name, old->id,
					     &fresh, e);
}

bool tally_change(const struct gateway *g, const struct task *t, enum kind k,
		  const void *old, const void *now, struct tally_hold *ret,
		  struct err *e)
{
	if (k == KIND_USER)
		return change_user(g, t, old, now, ret, e);
	return k != KIND_DOMAIN || change_domain(g, t, old, now, e);
}

void tally_changed(const struct gateway *g, const struct task *t, enum kind k,
		   const void *old, const void *now, const struct tally_hold *h)
{
	const struct user *was = old, *is = now;
	struct tally less = h->more;

	if (k != KIND_USER)
		return;
	less.quota_bytes += weight(was) - weight(is);
	if (less.quota_bytes > 0 &&
	    (h->mark != NULL || weight(was) <= weight(is)))
		release(g, t, address_domain(was->address), h->mark, &less);
}

void tally_removed(const struct gateway *g, const struct task *t, enum kind k,
		   const void *record, const char *mark)
{
	const char *key = kind_key(k, record);
	struct err ignored = {0};

	if (k == KIND_DOMAIN) {
		g->store->ops->forget(g->store, t, key, kind_id(k, record),
				      NULL, &ignored);
		return;
	}
	if (!kind_is_address(k))
		return;
	const struct tally less = one_more(k, record);
	if (mark != NULL)
		release(g, t, address_domain(key), mark, &less);
}
