#include "core/sponsor.h"

#include "core/budget.h"
#include "core/plan.h"
#include "tests/lib/records.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"

static struct world *w;

static struct principal reseller(const char *login, int64_t domains,
				 int64_t users)
{
	struct principal p = principal_defaults;

	p.login = login;
	p.reseller = true;
	p.max_domains = domains;
	p.max_users = users;
	return p;
}

static bool make_domain(const char *name, const char *sponsor, int64_t users,
			struct err *e)
{
	struct domain d = domain_defaults;
	struct revision rev;

	*e = (struct err){0};
	d.name = name;
	d.sponsor = sponsor;
	d.max_users = users;
	return provision_create(&w->gateway, &w->admin, KIND_DOMAIN, &d, &rev,
				e);
}

static bool set_number(enum kind k, const char *key, struct field f, int64_t n,
		       struct err *e)
{
	union {
		struct domain d;
		struct principal p;
	} wanted = {.d = {0}}, now;
	const struct patch patch = {&wanted, &f, 1, false, NULL};
	struct revision rev;

	*e = (struct err){0};
	*(int64_t *)field_at(f, &wanted) = n;
	return provision_change(&w->gateway, &w->admin, k, key, &patch, NULL,
				&now, &rev, e);
}

/* Domains that are wanted one after the other, of a budget of two with ten
 * users together. */
static const struct {
	const char *name, *sponsor;
	int64_t users;
	enum err_kind kind;
	const char *code;
} wanted[] = {
	{"one.example", "rex", NUMBER_NONE, ERR_INVALID, NULL},
	{"one.example", "rex", 11, ERR_CONFLICT, "budget_exceeded"},
	{"one.example", "rex", 6, ERR_NONE, NULL},
	{"two.example", "rex", 5, ERR_CONFLICT, "budget_exceeded"},
	{"two.example", "rex", 4, ERR_NONE, NULL},
	{"three.example", "rex", 1, ERR_CONFLICT, "budget_exceeded"},
	{"three.example", "nobody", 1, ERR_INVALID, NULL},
	{"three.example", NULL, NUMBER_NONE, ERR_NONE, NULL},
};

static void giving(void)
{
	struct principal rex = reseller("rex", 2, 10);
	const struct field users = FIELD(struct domain, max_users),
			   budget = FIELD(struct principal, max_users);
	struct err e;

	w = world_open();
	w->gateway.lease_millis = 10000;
	world_create(w, KIND_PRINCIPAL, &rex);
	for (size_t i = 0; i < COUNT(wanted); i++) {
		make_domain(wanted[i].name, wanted[i].sponsor, wanted[i].users,
			    &e);
		NUMBER(e.kind, wanted[i].kind, wanted[i].name);
		IS(e.code, wanted[i].code, "its code");
	}
	OK(!set_number(KIND_DOMAIN, "two.example", users, 5, &e) &&
		   e.counts != NULL && e.counts[0].number == 6 &&
		   e.counts[1].number == 10,
	   "a domain grows within what is left");
	OK(set_number(KIND_DOMAIN, "one.example", users, 5, &e) &&
		   set_number(KIND_DOMAIN, "two.example", users, 5, &e),
	   "what one gives back another gets");
	OK(!set_number(KIND_PRINCIPAL, "rex", budget, 9, &e) &&
		   e.kind == ERR_CONFLICT,
	   "a budget stays above what was given");
	OK(set_number(KIND_PRINCIPAL, "rex", budget, 10, &e), "or as much");
	OK(!world_remove(&w->gateway, &w->admin, KIND_PRINCIPAL, "rex", false,
			 NULL, &e) &&
		   strcmp(e.code, "is_sponsor") == 0,
	   "and he stays as long as something is his");
	NUMBER(journal_mem_count(w->journal), 0, "all names were given back");
	world_close(&w);
}

static void lost_answer(void)
{
	struct principal rex = reseller("rex", 2, NUMBER_NONE);
	struct exclusive x = {0}, second = {0};
	const char *const names[] = {"budget/rex"};
	struct err e = {0}, unknown = {.kind = ERR_UNKNOWN}, none = {0};

	w = world_open();
	w->gateway.lease_millis = 10000;
	world_create(w, KIND_PRINCIPAL, &rex);
	OK(exclusive_begin(&w->gateway, &w->admin, names, 1, &x, &e),
	   "a name is claimed");
	OK(x.task.deadline < w->admin.deadline ||
		   w->admin.deadline <= w->gateway.lease_millis,
	   "for less than a lease");
	struct task soon = w->admin;
	soon.deadline = 0;
	OK(!exclusive_begin(&w->gateway, &soon, names, 1, &second, &e) &&
		   e.kind == ERR_LIMIT,
	   "once");
	exclusive_end(&w->gateway, &x, &unknown);
	NUMBER(journal_mem_count(w->journal), 1,
	       "it is kept while a write may come to pass");
	struct plan *plans;
	size_t count = 0;
	err_clear(&e);
	OK(w->journal->ops->list(w->journal, &w->admin, &plans, &count, &e) &&
		   count == 1 &&
		   plan_resume(&w->gateway, &w->admin, &plans[0], NULL, &e),
	   "and the steward ends it");
	NUMBER(journal_mem_count(w->journal), 0, "it is gone");
	OK(exclusive_begin(&w->gateway, &w->admin, names, 1, &x, &e),
	   "others can claim it");
	exclusive_end(&w->gateway, &x, &none);
	NUMBER(journal_mem_count(w->journal), 0, "and give it back");
	world_close(&w);
}

static void sums(void)
{
	const struct budget most = {.users = INT64_MAX}, one = {.users = 1};
	struct budget sum = most;

	budget_add(&sum, &one);
	OK(sum.users == INT64_MAX, "a sum ends at the largest number");
	sum.users = NUMBER_NONE;
	budget_add(&sum, &one);
	OK(sum.users == NUMBER_NONE, "no limit and one more is no limit");
	OK(budget_grows(&most, &sum) && !budget_grows(&sum, &most),
	   "which is more than any number");
}

int main(void)
{
	giving();
	lost_answer();
	sums();
	return tap_done();
}
