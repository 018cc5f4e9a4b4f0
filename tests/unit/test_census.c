#include "doctor/census.h"

#include "tests/lib/tap.h"

static struct census *c;

static struct held_domain *domain(const char *name, const char *kind,
				  bool enabled)
{
	struct held_domain *d = census_add_domain(c, name);

	d->kind = kind;
	d->enabled = enabled;
	return d;
}

static struct held_address *address(const char *name, bool user, bool enabled)
{
	struct held_address *h = census_add_address(c, name, user);

	h->enabled = enabled;
	return h;
}

static void fill(void)
{
	c = census_new();
	domain("here.example", "local", true);
	domain("off.example", "local", false);
	domain("far.example", "relay", true);
	domain("also.example", "alias", true)->target = "HERE.example";
	domain("lost.example", "alias", true)->target = "none.example";
	domain("farther.example", "alias", true)->target = "far.example";
	domain("caught.example", "local", true);
	address("Ann@Here.example", true, true)->quota = 5;
	address("bob@here.example", true, false);
	address("robot@here.example", true, true)->send_only = true;
	address("who@off.example", true, true);
	address("@caught.example", false, true);
	address("shut@caught.example", true, false);
	census_complete(c);
}

static const struct {
	const char *address;
	enum reach reach;
	const char *taker;
} cases[] = {
	{"ann@here.example", REACH_GOOD, "ann@here.example"},
	{"ANN@HERE.example", REACH_GOOD, "ann@here.example"},
	{"ann+tag@here.example", REACH_GOOD, "ann@here.example"},
	{"ann+tag@also.example", REACH_GOOD, "ann@here.example"},
	{"+ann@here.example", REACH_NOBODY, NULL},
	{"nobody@here.example", REACH_NOBODY, NULL},
	{"nobody@also.example", REACH_NOBODY, NULL},
	{"bob@here.example", REACH_DISABLED, NULL},
	{"robot@here.example", REACH_DISABLED, "robot@here.example"},
	{"who@off.example", REACH_DISABLED, NULL},
	{"x@lost.example", REACH_NOBODY, NULL},
	{"x@far.example", REACH_GOOD, NULL},
	{"x@farther.example", REACH_GOOD, NULL},
	{"x@elsewhere.example", REACH_GOOD, NULL},
	{"x@caught.example", REACH_GOOD, "@caught.example"},
	{"shut@caught.example", REACH_GOOD, "@caught.example"},
	{"no address", REACH_GOOD, NULL},
};

static void finding(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct held_address *h =
			census_taker(c, cases[i].address);

		NUMBER(census_reach(c, cases[i].address), cases[i].reach,
		       cases[i].address);
		IS(h != NULL ? h->address : NULL, cases[i].taker,
		   cases[i].address);
	}
}

static void counting(void)
{
	const struct held_domain *here = census_domain(c, "here.example");

	NUMBER(here->users, 3, "the users of a domain are counted");
	NUMBER(here->quota_sum, 5, "and their quotas");
	NUMBER(here->unlimited, 2, "and those who have none");
	NUMBER(census_domain(c, "caught.example")->aliases, 1, "and aliases");
}

static void tags(void)
{
	c->delimiter = '-';
	NUMBER(census_reach(c, "ann-tag@here.example"), REACH_GOOD,
	       "tags can begin with something else");
	NUMBER(census_reach(c, "ann+tag@here.example"), REACH_NOBODY,
	       "and then with nothing more");
	c->delimiter = '\0';
	NUMBER(census_reach(c, "ann-tag@here.example"), REACH_NOBODY,
	       "or there are none");
}

static void many(void)
{
	struct census *big = census_new();
	char name[64];
	int found = 0;

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "u%d@d%d.example", i, i);
		census_add_address(big, name, i % 2 == 0);
		census_add_domain(big, strchr(name, '@') + 1);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "U%d@D%d.example", i, i);
		found += census_address(big, name) != NULL &&
			 census_domain(big, strchr(name, '@') + 1) != NULL;
	}
	NUMBER(found, 5000, "each of many is found, in any case of letters");
	OK(census_add_address(big, "u7@d7.example", true)->twice,
	   "a second one of a name is marked");
	census_free(&big);
	OK(big == NULL, "and all is given back");
}

int main(void)
{
	fill();
	finding();
	counting();
	tags();
	many();
	census_free(&c);
	return tap_done();
}
