#include "core/budget.h"

#include "util/text.h"

/* One of the budgets, and what a record says that takes from it. */
struct one {
	struct field of;
	const char *used, *limit; /* in problems */
	const char *noun;
	struct field domain, principal;
	bool by_domain; /* domains say it */
};

/* clang-format off */
#define F(member) FIELD(struct budget, member)
#define D(member) FIELD(struct domain, member)
#define P(member) FIELD(struct principal, member)
static const struct one all[] = {
	{F(domains),     "domains",     "max_domains",     "domains",        D(name),        P(max_domains),  false},
	{F(users),       "users",       "max_users",       "users",          D(max_users),   P(max_users),    true},
	{F(aliases),     "aliases",     "max_aliases",     "aliases",        D(max_aliases), P(max_aliases),  true},
	{F(deputies),    "deputies",    "max_deputies",    "deputies",       D(name),        P(max_deputies), false},
	{F(quota_bytes), "quota_bytes", "max_quota_bytes", "bytes of quota", D(quota_bytes), P(quota_bytes),  true},
};
#undef F
#undef D
#undef P
/* clang-format on */

static int64_t number(const struct one *o, const struct budget *of)
{
	return *(const int64_t *)field_in(o->of, of);
}

static int64_t limited(int64_t limit)
{
	return limit > 0 ? limit : NUMBER_NONE;
}

/* An alias domain has neither users nor aliases. */
struct budget budget_of_domain(const struct domain *d)
{
	if (text_equal(d->kind, "alias"))
		return (struct budget){.domains = 1};
	return (struct budget){.domains = 1,
			       .users = limited(d->max_users),
			       .aliases = limited(d->max_aliases),
			       .quota_bytes = limited(d->quota_bytes)};
}

static int64_t sum(int64_t a, int64_t b)
{
	int64_t n;

	if (a == NUMBER_NONE || b == NUMBER_NONE)
		return NUMBER_NONE;
	return __builtin_add_overflow(a, b, &n) ? INT64_MAX : n;
}

void budget_add(struct budget *to, const struct budget *more)
{
	for (size_t i = 0; i < COUNT(all); i++)
		*(int64_t *)field_at(all[i].of, to) =
			sum(number(&all[i], to), number(&all[i], more));
}

struct budget budget_of_principal(const struct principal *p)
{
	const struct budget himself = {.deputies = 1};
	struct budget all_of_it = principal_budget(p);

	budget_add(&all_of_it, &himself);
	return all_of_it;
}

bool budget_grows(const struct budget *from, const struct budget *to)
{
	for (size_t i = 0; i < COUNT(all); i++) {
		int64_t was = number(&all[i], from), is = number(&all[i], to);

		if (was != NUMBER_NONE && (is == NUMBER_NONE || is > was))
			return true;
	}
	return false;
}

/* What has no limit is more than any number. */
static void tell_counts(const struct one *o, int64_t limit, int64_t used,
			struct arena *a, struct err *e)
{
	const struct err_count counts[] = {{o->used, used != NUMBER_NONE
							     ? used
							     : INT64_MAX},
					   {o->limit, limit},
					   {NULL, 0}};

	e->counts = arena_copy(a, counts, sizeof(counts));
}

static bool exceeded(const struct one *o, const char *login, int64_t limit,
		     int64_t used, int64_t more, struct arena *a, struct err *e)
{
	tell_counts(o, limit, used, a, e);
	if (used == NUMBER_NONE)
		return err_code(e, ERR_CONFLICT, "budget_exceeded",
				"%s may give away %lld %s, and has given them "
				"without a limit",
				login, (long long)limit, o->noun);
	if (more == NUMBER_NONE)
		return err_code(e, ERR_CONFLICT, "budget_exceeded",
				"%s may give away %lld %s, not without a limit",
				login, (long long)limit, o->noun);
	return err_code(e, ERR_CONFLICT, "budget_exceeded",
			"%s may give away %lld %s and has given %lld; this "
			"would be %lld more",
			login, (long long)limit, o->noun, (long long)used,
			(long long)more);
}

bool budget_admits(const char *login, const struct budget *limits,
		   const struct budget *used, const struct budget *more,
		   struct arena *a, struct err *e)
{
	for (size_t i = 0; i < COUNT(all); i++) {
		int64_t limit = number(&all[i], limits),
			is = number(&all[i], used),
			plus = number(&all[i], more);

		/* Who takes nothing of it is not to blame. */
		if (limit == NUMBER_NONE || plus == 0)
			continue;
		if (is == NUMBER_NONE || plus == NUMBER_NONE || plus > limit ||
		    is > limit - plus)
			return exceeded(&all[i], login, limit, is, plus, a, e);
	}
	return true;
}

bool budget_covers(const char *login, const struct budget *limits,
		   const struct budget *given, struct arena *a, struct err *e)
{
	for (size_t i = 0; i < COUNT(all); i++) {
		int64_t limit = number(&all[i], limits),
			is = number(&all[i], given);

		if (limit == NUMBER_NONE || (is != NUMBER_NONE && is <= limit))
			continue;
		tell_counts(&all[i], limit, is, a, e);
		return is == NUMBER_NONE
			       ? err_code(e, ERR_CONFLICT, "budget_exceeded",
					  "%s has given %s without a limit",
					  login, all[i].noun)
			       : err_code(e, ERR_CONFLICT, "budget_exceeded",
					  "%s has given %lld %s already", login,
					  (long long)is, all[i].noun);
	}
	return true;
}

bool budget_check_limited(enum kind k, const struct budget *limits,
			  const struct budget *more, struct arena *a,
			  struct err *e)
{
	for (size_t i = 0; i < COUNT(all); i++) {
		const struct one *o = &all[i];

		if (number(o, limits) == NUMBER_NONE ||
		    number(o, more) != NUMBER_NONE ||
		    (k == KIND_DOMAIN && !o->by_domain))
			continue;
		fault_field(e, a, FAULT_MISSING,
			    k == KIND_DOMAIN ? o->domain : o->principal,
			    arena_printf(a,
					 "it needs a limit: that of who gives "
					 "is %lld",
					 (long long)number(o, limits)));
	}
	return e->faults == NULL;
}
