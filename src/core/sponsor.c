#include "core/sponsor.h"

#include "core/budget.h"
#include "util/text.h"

enum { CHAIN_MAX = 32 }; /* resellers, each the sponsor of the next */

/* What of a record is about its sponsor. */
struct sponsored {
	const char **login, **identity;
	struct budget takes;
	struct field field;
};

static bool is_sponsored(enum kind k)
{
	return k == KIND_DOMAIN || k == KIND_PRINCIPAL;
}

static struct sponsored of(enum kind k, void *record)
{
	struct domain *d = record;
	struct principal *p = record;

	if (k == KIND_DOMAIN)
		return (struct sponsored){&d->sponsor, &d->sponsor_identity,
					  budget_of_domain(d),
					  FIELD(struct domain, sponsor)};
	return (struct sponsored){&p->sponsor, &p->sponsor_identity,
				  budget_of_principal(p),
				  FIELD(struct principal, sponsor)};
}

static bool is_nothing(struct err *e)
{
	bool nothing = e->kind == ERR_NOT_FOUND;

	if (nothing)
		err_clear(e);
	return nothing;
}

static const char *budget_name(struct arena *a, const char *login)
{
	return arena_join(a, "budget/", login, NULL);
}

/* Whether his budgets admit it.  What is there of that record already does not
 * count. */
static bool admits(const struct gateway *g, const struct task *t, enum kind k,
		   const char *key, const struct sponsored *s, struct err *e)
{
	struct budget limits, given;

	if (!g->store->ops->budget(g->store, t, *s->login, k, key, &limits,
				   &given, e)) {
		if (!is_nothing(e))
			return false;
		fault_field(e, t->arena, FAULT_REFERENCE, s->field,
			    arena_printf(t->arena, "there is no reseller %s",
					 *s->login));
		return false;
	}
	return budget_check_limited(k, &limits, &s->takes, t->arena, e) &&
	       budget_admits(*s->login, &limits, &given, &s->takes, t->arena,
			     e);
}

/* Asked first without claiming anything: of many who want what is used up,
 * none has to wait. */
static bool take(const struct gateway *g, const struct task *t, enum kind k,
		 const char *key, const struct sponsored *s, const char *more,
		 struct exclusive *ret, struct err *e)
{
	const char *names[] = {budget_name(t->arena, *s->login), more};

	return admits(g, t, k, key, s, e) &&
	       exclusive_begin(g, t, names, more != NULL ? 2 : 1, ret, e) &&
	       admits(g, &ret->task, k, key, s, e);
}

static bool reads_reseller(const struct gateway *g, const struct task *t,
			   bool *ret, struct err *e)
{
	struct principal own;
	struct revision rev;
	struct err bad = {0};

	*ret = false;
	if (!principal_login_check(t->caller->login, &bad))
		return true; /* a user */
	if (!g->store->ops->get(g->store, t, KIND_PRINCIPAL, t->caller->login,
				&own, &rev, e))
		return is_nothing(e);
	*ret = own.reseller;
	return true;
}

bool sponsor_gives(const struct gateway *g, const struct task *t, bool *ret,
		   struct err *e)
{
	return g->store->ops->is_super_administrator(g->store, t, ret, e) &&
	       (*ret || reads_reseller(g, t, ret, e));
}

/* Who could register names below it, or has a domain above or below it, is not
 * to find it taken by somebody else. */
static bool is_public(const struct gateway *g, const struct domain *d,
		      struct arena *a, struct err *e)
{
	if (g->suffixes == NULL ||
	    !g->suffixes->ops->is_public(g->suffixes, d->name))
		return false;
	fault_field(e, a, FAULT_POLICY,
		    (struct field)FIELD(struct domain, name),
		    "it is a public suffix: everybody may register names below "
		    "it");
	return true;
}

static bool stands_alone(const struct gateway *g, const struct task *t,
			 const char *name, struct err *e)
{
	bool overlaps = false;

	return g->store->ops->overlaps(g->store, t, name, &overlaps, e) &&
	       (!overlaps ||
		err_code(e, ERR_CONFLICT, "domain_overlaps",
			 "a domain above or below %s is somebody else's",
			 name));
}

/* All that overlaps is below the name that was registered. */
static const char *tree_name(const struct gateway *g, const struct task *t,
			     const char *domain)
{
	const char *top = NULL;

	if (g->suffixes != NULL)
		top = g->suffixes->ops->registered(g->suffixes, domain);
	return arena_join(t->arena, "below/", top != NULL ? top : domain, NULL);
}

static bool new_by_reseller(const struct gateway *g, const struct task *t,
			    enum kind k, void *record, struct exclusive *ret,
			    struct err *e)
{
	const struct sponsored s = of(k, record);
	const char *key = kind_key(k, record), *tree = NULL;
	struct domain *d = record;

	if (*s.login != NULL && !text_equal(*s.login, t->caller->login))
		return err_set(e, ERR_DENIED,
			       "what you make comes out of your own budgets");
	*s.login = t->caller->login;
	*s.identity = t->caller->identity;
	if (k == KIND_DOMAIN) {
		if (is_public(g, d, t->arena, e))
			return false;
		d->owner_identity = t->caller->identity;
		tree = tree_name(g, t, d->name);
	}
	return take(g, t, k, key, &s, tree, ret, e) &&
	       (k != KIND_DOMAIN || stands_alone(g, &ret->task, key, e));
}

bool sponsor_new(const struct gateway *g, const struct task *t, enum kind k,
		 void *record, struct exclusive *ret, struct err *e)
{
	bool all = false, reseller = false;

	if (!is_sponsored(k))
		return true;
	const struct sponsored s = of(k, record);
	if (!g->store->ops->is_super_administrator(g->store, t, &all, e) ||
	    (!all && !reads_reseller(g, t, &reseller, e)))
		return false;
	if (reseller)
		return new_by_reseller(g, t, k, record, ret, e);
	if (*s.login == NULL)
		return true;
	if (!all)
		return err_set(e, ERR_DENIED,
			       "a super administrator says whose it is");
	*s.identity = g->store->ops->identity(g->store, t, *s.login);
	return take(g, t, k, kind_key(k, record), &s, NULL, ret, e);
}

/* Nobody is his sponsor's sponsor, however far up. */
static bool check_chain(const struct gateway *g, const struct task *t,
			const char *login, const struct sponsored *s,
			struct err *e)
{
	const char *at = *s->login;
	struct principal p;
	struct revision rev;

	for (int i = 0; i < CHAIN_MAX && at != NULL; i++) {
		if (text_equal(at, login)) {
			fault_field(e, t->arena, FAULT_RANGE, s->field,
				    "he comes out of the budgets of this one");
			return false;
		}
		if (!g->store->ops->get(g->store, t, KIND_PRINCIPAL, at, &p,
					&rev, e))
			return is_nothing(e);
		at = p.sponsor;
	}
	return true;
}

/* Who is no super administrator changes nobody's sponsor; a whole record of his
 * need not name it. */
static bool responsor(const struct gateway *g, const struct task *t,
		      const struct sponsored *was, const struct sponsored *is,
		      struct err *e)
{
	bool all = false;

	if (text_equal(*was->login, *is->login)) {
		*is->identity = *was->identity;
		return true;
	}
	if (!g->store->ops->is_super_administrator(g->store, t, &all, e))
		return false;
	if (!all && *is->login != NULL)
		return err_set(e, ERR_DENIED,
			       "a super administrator says whose it is");
	if (!all) {
		*is->login = *was->login;
		*is->identity = *was->identity;
		return true;
	}
	*is->identity =
		*is->login != NULL
			? g->store->ops->identity(g->store, t, *is->login)
			: NULL;
	return true;
}

/* A reseller keeps what he has given. */
static bool covers(const struct gateway *g, const struct task *t,
		   const struct principal *p, struct err *e)
{
	const struct budget has = principal_budget(p);
	struct budget given;

	if (!g->store->ops->budget(g->store, t, p->login, KIND_COUNT, NULL,
				   NULL, &given, e))
		return is_nothing(e);
	return budget_covers(p->login, &has, &given, t->arena, e);
}

/* What of a change is to be asked; each NULL: nothing. */
struct asking {
	const struct sponsored *takes, *moves;
	const struct principal *gives;
};

static bool judge(const struct gateway *g, const struct task *t, enum kind k,
		  const char *key, const struct asking *a, struct err *e)
{
	return (a->moves == NULL || check_chain(g, t, key, a->moves, e)) &&
	       (a->takes == NULL || admits(g, t, k, key, a->takes, e)) &&
	       (a->gives == NULL || covers(g, t, a->gives, e));
}

/* Who may not is told so before anything is claimed, and learns nothing of the
 * budgets of others. */
static bool gives_himself(const struct gateway *g, const struct task *t,
			  const char *sponsor, struct err *e)
{
	bool all = false;

	return text_equal(sponsor, t->caller->login) ||
	       (g->store->ops->is_super_administrator(g->store, t, &all, e) &&
		(all ||
		 err_set(e, ERR_DENIED, "only who gives it may say how much")));
}

bool sponsor_change(const struct gateway *g, const struct task *t, enum kind k,
		    const void *old, void *record, struct exclusive *ret,
		    struct err *e)
{
	if (!is_sponsored(k))
		return true;
	void *before = arena_copy(t->arena, old, kind_rules(k)->size);
	const struct sponsored was = of(k, before), is = of(k, record);
	const char *names[EXCLUSIVE_NAMES], *key = kind_key(k, record);
	struct asking ask = {0};
	size_t n = 0;

	if (!responsor(g, t, &was, &is, e))
		return false;
	bool moves = *is.login != NULL && !text_equal(*was.login, *is.login);
	if (moves ||
	    (*is.login != NULL && budget_grows(&was.takes, &is.takes))) {
		ask.takes = &is;
		names[n++] = budget_name(t->arena, *is.login);
	}
	if (k == KIND_PRINCIPAL && budget_grows(&is.takes, &was.takes)) {
		ask.gives = record;
		names[n++] = budget_name(t->arena, key);
	}
	/* A circle can be closed from any of its ends. */
	if (k == KIND_PRINCIPAL && moves) {
		ask.moves = &is;
		names[n++] = "sponsors/all";
	}
	return n == 0 || (gives_himself(g, t, *was.login, e) &&
			  judge(g, t, k, key, &ask, e) &&
			  exclusive_begin(g, t, names, n, ret, e) &&
			  judge(g, &ret->task, k, key, &ask, e));
}

bool sponsor_gone(const struct gateway *g, const struct task *t,
		  const char *login, struct exclusive *ret, struct err *e)
{
	const char *names[] = {budget_name(t->arena, login)};
	struct budget given;

	if (!exclusive_begin(g, t, names, COUNT(names), ret, e))
		return false;
	if (!g->store->ops->budget(g->store, &ret->task, login, KIND_COUNT,
				   NULL, NULL, &given, e))
		return is_nothing(e);
	if (given.domains == 0 && given.deputies == 0)
		return true;
	const struct err_count counts[] = {{"domains", given.domains},
					   {"deputies", given.deputies},
					   {NULL, 0}};
	e->counts = arena_copy(t->arena, counts, sizeof(counts));
	return err_code(e, ERR_CONFLICT, "is_sponsor",
			"domains or principals come out of the budgets of %s: "
			"give them another sponsor first",
			login);
}
