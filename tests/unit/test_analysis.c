#include "doctor/analysis.h"

#include <stdlib.h>

#include "tests/lib/tap.h"

static struct census *c;
static char *said;
static size_t said_size;

static struct held_address *address(const char *name, bool user,
				    const char *first, const char *second)
{
	struct held_address *h = census_add_address(c, name, user);
	const char *both[] = {first, second};

	h->enabled = h->login_enabled = true;
	h->destinations.count = (first != NULL) + (second != NULL);
	h->destinations.items = arena_copy(c->arena, both, sizeof(both));
	return h;
}

static struct held_domain *domain(const char *name, const char *kind)
{
	struct held_domain *d = census_add_domain(c, name);

	d->kind = kind;
	d->enabled = true;
	return d;
}

static int analyse(const char *only, bool json)
{
	FILE *to = open_memstream(&said, &said_size);
	struct report r = {.to = to, .json = json, .only = only};
	const struct analysis an = {.census = c,
				    .report = &r,
				    .only = only,
				    .now = 1000000000,
				    .days = 10};
	const struct examined x = {.users = c->user_count};

	report_begin(&r, "ldapi://x", "dc=provost");
	census_complete(c);
	analyse_domains(&an);
	analyse_addresses(&an);
	analyse_loops(&an);
	int status = report_end(&r, &x);
	fclose(to);
	return status;
}

static bool says(const char *what)
{
	return strstr(said, what) != NULL;
}

static void done(void)
{
	free(said);
	census_free(&c);
	c = census_new();
	domain("a.example", "local");
}

static void loops(void)
{
	done();
	address("one@a.example", false, "two+x@a.example", NULL);
	address("two@a.example", true, "two@a.example", "one@a.example");
	address("in@a.example", false, "two@a.example", NULL);
	NUMBER(analyse(NULL, false), 2, "a circle is an error");
	OK(says("error loop one@a.example: mail runs in a circle of 2"),
	   "it is told of the first of them");
	OK(strstr(strstr(said, "loop") + 1, "loop") == NULL, "and once");
	done();
	address("self@a.example", true, "self@a.example", "far@b.example");
	address("list@a.example", false, "self@a.example", "x@b.example");
	NUMBER(analyse(NULL, false), 0, "a copy for oneself is no circle");
}

static void deep(void)
{
	char name[32], next[32];

	done();
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "n%d@a.example", i);
		snprintf(next, sizeof(next), "n%d@a.example", (i + 1) % 20000);
		address(name, false, arena_strdup(c->arena, next), NULL);
	}
	NUMBER(analyse(NULL, false), 2, "a circle may be as large as it likes");
	OK(says("circle of 20000"), "and is seen whole");
}

static void limits(void)
{
	struct held_domain *d;

	done();
	d = domain("l.example", "local");
	d->max_users = d->max_aliases = 1;
	d->quota_bytes = 10;
	address("u@l.example", true, NULL, NULL)->quota = 10;
	address("a@l.example", false, "u@l.example", NULL);
	NUMBER(analyse(NULL, false), 0, "a limit may be reached");
	free(said);
	d->users = d->aliases = d->quota_sum = 0;
	address("v@l.example", true, NULL, NULL)->quota = INT64_MAX;
	NUMBER(analyse(NULL, false), 1, "and not be exceeded");
	OK(says("too_many_users l.example: 2 users, of at most 1") &&
		   says("quota_exceeded l.example") &&
		   !says("too_many_aliases"),
	   "each is told");
}

static void json(void)
{
	done();
	address("odd\"\n@a.example", false, "none@a.example", NULL);
	NUMBER(analyse(NULL, true), 2, "in JSON the status is the same");
	OK(says("\"entry\":\"odd\\\"\\n@a.example\"") &&
		   says("\"status\":2}\n") && said[said_size - 1] == '\n',
	   "whatever stands in an entry, it is JSON");
	free(said);
	NUMBER(analyse(NULL, false), 2, "and in lines");
	OK(says("alias_to_nowhere odd\"?@a.example: "), "it is one line");
	free(said);
	NUMBER(analyse("b.example", false), 0, "other domains can be left out");
}

static void expiry(void)
{
	done();
	address("old@a.example", true, NULL, NULL)->expires = 900000000;
	address("just@a.example", true, NULL, NULL)->expires = 999999900;
	address("soon@a.example", true, NULL, NULL)->expires = 1000086400;
	address("late@a.example", true, NULL, NULL)->expires = 1100000000;
	address("off@a.example", true, NULL, NULL)->expires = 900000000;
	census_address(c, "off@a.example")->enabled = false;
	NUMBER(analyse(NULL, false), 1, "what has expired is disabled");
	OK(says("expired_in_force old@") && says("expires soon@") &&
		   !says("late@") && !says("off@") &&
		   !says("expired_in_force just@"),
	   "a little later, and what comes soon is told");
	NUMBER(analysis_time("20010909014640Z"), 1000000000, "a time is read");
	NUMBER(analysis_time("20010909014640.5Z"), 1000000000,
	       "with a fraction, too");
	NUMBER(analysis_time("today"), 0, "and nothing else");
	NUMBER(analysis_time("2001x909014640Z"), 0, "whatever its length");
}

int main(void)
{
	c = census_new();
	loops();
	deep();
	limits();
	json();
	expiry();
	done();
	census_free(&c);
	return tap_done();
}
