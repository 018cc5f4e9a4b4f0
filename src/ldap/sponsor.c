#include "ldap/sponsor.h"

#include <string.h>

#include "core/budget.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "util/text.h"

enum { SUM_FACTOR = 2 }; /* a sum may take that many times a read */

const char *sponsor_identity(struct store *port, const struct task *t,
			     const char *login)
{
	return schema_login_dn(t->arena, store_self(port)->set->base, login);
}

/* A sum over what comes out of somebody's budgets, of one kind. */
struct summing {
	enum kind kind;
	const char *except; /* the key of what does not count */
	struct budget sum;
	struct err err;
};

static bool takes(struct summing *s, struct arena *a, const struct entry *en,
		  struct budget *ret)
{
	struct domain d = domain_defaults;
	struct principal p = principal_defaults;
	void *record = s->kind == KIND_DOMAIN ? (void *)&d : (void *)&p;

	if (!map_read(schema_budget(s->kind), a, en, record, &s->err))
		return false;
	*ret = s->kind == KIND_DOMAIN ? budget_of_domain(&d)
				      : budget_of_principal(&p);
	return s->except == NULL ||
	       !text_equal(kind_key(s->kind, record), s->except);
}

static void each_given(void *ctx, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct summing *s = ctx;
	struct budget more;
	struct entry en;

	if (s->err.kind == ERR_NONE &&
	    entry_read(ld, message, a, &en, &s->err) && takes(s, a, &en, &more))
		budget_add(&s->sum, &more);
}

static bool sum(struct ldap_store *s, const struct task *t, const char *login,
		struct summing *of, struct err *e)
{
	struct arena *a = t->arena;
	const char *base = s->set->base;
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = of->kind == KIND_DOMAIN ? schema_domains_dn(a, base)
					       : schema_principals_dn(a, base),
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = schema_sponsor_filter(a, schema_login_dn(a, base,
								    login)),
		 .want = map_wanted(schema_budget(of->kind), a, schema_guard),
		 .limit = OPERATION_ALL,
		 .each = each_given,
		 .ctx = of};

	if (!store_run(s, t, &op, s->set->read_seconds * SUM_FACTOR, "budget",
		       e))
		return false;
	if (of->err.kind != ERR_NONE)
		*e = of->err;
	return e->kind == ERR_NONE;
}

struct reading_one {
	struct arena *arena;
	struct principal principal;
	bool there;
	struct err err;
};

static void each_one(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading_one *r = ctx;
	struct entry en;

	if (entry_read(ld, message, r->arena, &en, &r->err))
		r->there = map_read(schema_budget(KIND_PRINCIPAL), r->arena,
				    &en, &r->principal, &r->err);
}

static bool read_limits(struct ldap_store *s, const struct task *t,
			const char *login, struct budget *ret, struct err *e)
{
	struct arena *a = t->arena;
	struct reading_one r = {.arena = a, .principal = principal_defaults};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_login_dn(a, s->set->base, login),
			       .scope = LDAP_SCOPE_BASE,
			       .want = map_wanted(schema_budget(KIND_PRINCIPAL),
						  a, schema_guard),
			       .each = each_one,
			       .ctx = &r};

	if (!store_run(s, t, &op, s->set->read_seconds, login, e))
		return false;
	if (r.err.kind != ERR_NONE) {
		*e = r.err;
		return false;
	}
	*ret = principal_budget(&r.principal);
	return (r.there && r.principal.reseller) ||
	       err_set(e, ERR_NOT_FOUND, "there is no reseller %s", login);
}

bool sponsor_budget(struct store *port, const struct task *t, const char *login,
		    enum kind but, const char *key, struct budget *limits,
		    struct budget *given, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct summing domains = {.kind = KIND_DOMAIN},
		       principals = {.kind = KIND_PRINCIPAL};

	if (but == KIND_DOMAIN)
		domains.except = key;
	if (but == KIND_PRINCIPAL)
		principals.except = key;
	if ((limits != NULL && !read_limits(s, t, login, limits, e)) ||
	    !sum(s, t, login, &domains, e) || !sum(s, t, login, &principals, e))
		return false;
	*given = domains.sum;
	budget_add(given, &principals.sum);
	return true;
}

struct overlapping {
	struct arena *arena;
	const char *identity;
	bool other;
	struct err err;
};

static bool names(const struct entry *en, const char *attribute,
		  const char *identity)
{
	const struct berval *v = entry_values(en, attribute);

	for (; v != NULL && v->bv_val != NULL; v++) {
		if (dn_equal(v->bv_val, identity))
			return true;
	}
	return false;
}

static void each_overlapping(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct overlapping *o = ctx;
	struct entry en;

	if (!o->other && entry_read(ld, message, o->arena, &en, &o->err))
		o->other = !names(&en, "provostOwner", o->identity) &&
			   !names(&en, "provostSponsor", o->identity);
}

/* No index helps to find what is below a name: all domains are looked through.
 * But that is done only when a reseller makes one. */
bool sponsor_overlaps(struct store *port, const struct task *t,
		      const char *name, bool *ret, struct err *e)
{
	static const char *const want[] = {"provostOwner", "provostSponsor",
					   NULL};
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	struct overlapping o = {.arena = a, .identity = t->caller->identity};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = schema_overlap_filter(a, name),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .each = each_overlapping,
			       .ctx = &o};

	if (!store_run(s, t, &op, s->set->read_seconds * SUM_FACTOR, name, e))
		return false;
	if (o.err.kind != ERR_NONE)
		*e = o.err;
	*ret = o.other;
	return e->kind == ERR_NONE;
}
