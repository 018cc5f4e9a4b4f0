#include "core/provision.h"
#include "core/target.h"
#include "core/user.h"
#include "tests/lib/records.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"

#define D(member) ((struct field)FIELD(struct domain, member))

static struct world *w;

/* What may be the target of a new alias domain. */
static const struct {
	const char *name, *target;
	int fault; /* of the target; -1: none */
} targets[] = {
	{"a1.example", "example.org", -1},
	{"a2.example", "Example.ORG", -1},
	{"a3.example", "closed.example", -1},
	{"a4.example", "none.example", FAULT_REFERENCE},
	{"a5.example", "a1.example", FAULT_REFERENCE},
	{"a6.example", "a6.example", FAULT_RANGE},
	{"a7.example", NULL, FAULT_MISSING},
};

static bool create(const struct task *t, const char *name, const char *kind,
		   const char *target, struct err *e)
{
	struct domain d = domain_defaults;
	struct revision rev;

	*e = (struct err){0};
	d.name = name;
	d.kind = kind;
	d.target = target;
	return provision_create(&w->gateway, t, KIND_DOMAIN, &d, &rev, e);
}

static void creation(void)
{
	struct err e;

	for (size_t i = 0; i < COUNT(targets); i++) {
		bool good = create(&w->admin, targets[i].name, "alias",
				   targets[i].target, &e);

		OK(good == (targets[i].fault < 0) &&
			   fault_kind_of(&e, D(target)) == targets[i].fault,
		   targets[i].name);
	}
	OK(!create(&w->ann, "b.example", "alias", "example.org", &e) &&
		   fault_kind_of(&e, D(target)) == FAULT_REFERENCE,
	   "a domain that one may not see is none");
	store_mem_down(w->store, true);
	OK(!create(&w->admin, "c.example", "alias", "example.org", &e) &&
		   e.kind == ERR_UNAVAILABLE,
	   "whether there is one cannot be told now");
	store_mem_down(w->store, false);
}

static bool change(const char *name, struct domain to, struct field f,
		   struct err *e)
{
	const struct patch p = {&to, &f, 1, false, NULL};
	struct domain now;
	struct revision rev;

	*e = (struct err){0};
	return provision_change(&w->gateway, &w->admin, KIND_DOMAIN, name, &p,
				NULL, &now, &rev, e);
}

static void changes(void)
{
	struct domain d = domain_defaults;
	struct err e;

	d.target = "closed.example";
	OK(change("a1.example", d, D(target), &e), "another target");
	d.target = "none.example";
	OK(!change("a1.example", d, D(target), &e) &&
		   fault_kind_of(&e, D(target)) == FAULT_REFERENCE,
	   "not one that is not there");
	d.target = "a2.example";
	OK(!change("a1.example", d, D(target), &e) &&
		   fault_kind_of(&e, D(target)) == FAULT_REFERENCE,
	   "nor an alias domain");
	d.target = NULL;
	OK(!change("a1.example", d, D(target), &e) &&
		   fault_kind_of(&e, D(target)) == FAULT_MISSING,
	   "nor none");
	d.target = "closed.example";
	OK(!change("example.org", d, D(target), &e) &&
		   fault_kind_of(&e, D(target)) == FAULT_RANGE,
	   "a local domain gets none");
	OK(!change("a1.example", d, D(kind), &e) &&
		   fault_kind_of(&e, D(kind)) == FAULT_READ_ONLY,
	   "the kind stays");
	d.kind = "alias";
	OK(change("a1.example", d, D(kind), &e), "it may be said");
	OK(!change("example.org", d, D(kind), &e) &&
		   fault_kind_of(&e, D(kind)) == FAULT_READ_ONLY &&
		   fault_count(&e) == 1,
	   "of a local domain, too");
}

static bool drop(const char *name, struct err *e)
{
	*e = (struct err){0};
	return world_remove(&w->gateway, &w->admin, KIND_DOMAIN, name, false,
			    NULL, e);
}

static void unused(void)
{
	struct err e;

	OK(!drop("closed.example", &e) && e.kind == ERR_CONFLICT,
	   "a domain that others lead to stays");
	IS(e.code, "is_target", "why");
	IS(e.conflicts_with, "/v1/domains/a1.example", "the first of them");
	IS(e.text,
	   "alias domains lead to closed.example: a1.example, "
	   "a3.example",
	   "and all");
	OK(e.counts == NULL, "nothing was counted");
	OK(drop("a1.example", &e) && !drop("closed.example", &e) &&
		   e.kind == ERR_CONFLICT,
	   "one of them is enough");
	OK(drop("a3.example", &e), "without them");
	OK(drop("closed.example", &e), "it goes");
	OK(drop("a2.example", &e), "nothing leads to example.org any more");
	OK(!drop("example.org", &e) && e.kind == ERR_CONFLICT,
	   "which has something in it");
	IS(e.code, "not_empty", "that is why");
	IS(e.counts[0].name, "users", "how many");
	NUMBER(e.counts[0].number, 2, "users");
	NUMBER(e.counts[1].number, 1, "aliases");
}

static void addresses(void)
{
	struct user u = user_defaults;
	struct revision rev;
	struct err e = {0};

	u.address = "x@a2.example";
	OK(!provision_create(&w->gateway, &w->admin, KIND_USER, &u, &rev, &e) &&
		   e.kind == ERR_CONFLICT,
	   "nobody has a mailbox in an alias domain");
	IS(e.code, "domain_kind", "why");
}

int main(void)
{
	w = world_open();
	creation();
	changes();
	addresses();
	unused();
	world_close(&w);
	return tap_done();
}
