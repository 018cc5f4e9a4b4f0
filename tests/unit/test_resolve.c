#include "core/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
#include "tests/lib/survey_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"

static struct world *w;

static void relay(const char *name)
{
	struct domain d = domain_defaults;

	d.name = name;
	d.kind = "relay";
	d.transport = "smtp:[mx.example.org]:25";
	world_create(w, KIND_DOMAIN, &d);
}

static void user(const char *address, bool enabled)
{
	struct user u = user_defaults;

	u.address = address;
	u.enabled = enabled;
	world_create(w, KIND_USER, &u);
}

static const char *copies[] = {"copy@example.org", "c@out.example"},
		  *nowhere[] = {"postmaster", "@example.org"};
static const struct text_list keeps = {copies, 2}, lost = {nowhere, 2},
			      none = {0};

static void populate(void)
{
	world_domain(w, "catch.example", NULL);
	world_domain(w, "alias.example", "example.org");
	world_domain(w, "catchalias.example", "catch.example");
	relay("relay.example");
	user("boss@relay.example", true);
	user("off@example.org", false);
	user("copy@example.org", true);
	user("deaf@example.org", true);
	user("lost@example.org", true);
	user("owner@catch.example", true);
	user("ill@catch.example", false);
	survey_mem_forward("copy@example.org", &keeps, false);
	survey_mem_forward("deaf@example.org", &none, true);
	survey_mem_forward("lost@example.org", &lost, false);
	world_alias(w, "@catch.example", "owner@catch.example",
		    "a@out.example");
	world_alias(w, "info@example.org", "sales@example.org",
		    "x@out.example");
	world_alias(w, "toalias@example.org", "sales@alias.example",
		    "no@alias.example");
	world_alias(w, "r1@example.org", "r2@example.org", NULL);
	world_lead_back(w, "r2@example.org", "bob@example.org",
			"r1@example.org");
	world_alias(w, "tooff@example.org", "off@example.org",
		    "u@closed.example");
	world_lead_back(w, "grow@example.org", "grow+x@example.org", NULL);
}

/* "yes mailbox mailbox > external > code:address" */
static const char *told(const struct task *t, const char *address)
{
	static const char *const verdicts[] = {"no", "yes", "unknown"};
	struct arena *a = w->arena;
	struct resolution r;
	struct err e = {0};

	if (!resolve(&w->gateway, t, address, &r, &e))
		return e.kind == ERR_NOT_FOUND ? "not found" : "error";
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	fprintf(to, "%s%s", verdicts[r.deliverable],
		r.complete ? "" : " incomplete");
	for (size_t i = 0; i < r.mailbox_count; i++)
		fprintf(to, " %s", r.mailboxes[i]->key);
	fprintf(to, " >");
	for (size_t i = 0; i < r.external.count; i++)
		fprintf(to, " %s", r.external.items[i]);
	fprintf(to, " >");
	for (size_t i = 0; i < r.trouble_count; i++)
		fprintf(to, " %s:%s", r.troubles[i].code,
			r.troubles[i].address);
	fclose(to);
	const char *kept = arena_strdup(a, text);
	free(text);
	return kept;
}

static const struct {
	const char *address, *told;
} cases[] = {
	{"ann@example.org", "yes ann@example.org > >"},
	{"ANN+Tag@Example.org", "yes ann@example.org > >"},
	{"sales+tag@example.org", "yes ann@example.org > >"},
	{"info+t@example.org", "yes ann@example.org > x+t@out.example >"},
	{"nobody@example.org", "no > > dangling:nobody@example.org"},
	{"off@example.org", "no > > disabled:off@example.org"},
	{"copy@example.org", "yes copy@example.org > c@out.example >"},
	{"copy+t@example.org", "yes copy@example.org > c+t@out.example >"},
	{"deaf@example.org", "no deaf@example.org > > "
			     "send_only:deaf@example.org"},
	{"deaf@alias.example", "no deaf@example.org > > "
			       "send_only:deaf@alias.example"},
	{"lost@example.org", "no > > malformed:lost@example.org"},
	{"any@catch.example", "yes owner@catch.example > a@out.example >"},
	{"boss+t@relay.example", "yes boss@relay.example > >"},
	{"any@relay.example", "yes > any@relay.example >"},
	{"any+t@catch.example", "yes owner@catch.example > a@out.example >"},
	{"ill@catch.example", "yes owner@catch.example > a@out.example > "
			      "disabled:ill@catch.example"},
	{"ann@alias.example", "yes ann@example.org > >"},
	{"sales+t@alias.example", "yes ann@example.org > >"},
	{"nobody@alias.example", "no > > dangling:nobody@alias.example"},
	{"any@catchalias.example", "no > > dangling:any@catchalias.example"},
	{"toalias@example.org", "yes ann@example.org > > "
				"dangling:no@alias.example"},
	{"tooff@example.org",
	 "no > > disabled:off@example.org domain_disabled:u@closed.example"},
	{"x@closed.example", "no > > domain_disabled:x@closed.example"},
	{"x@out.example", "no > x@out.example > not_ours:x@out.example"},
	{"r1@example.org", "no bob@example.org > > loop:r2@example.org "
			   "too_many:r1@example.org"},
	{"", "not found"},
	{"ann", "not found"},
	{"@example.org", "not found"},
	{"a b@example.org", "not found"},
};

/* What ann, who reads nobody but herself, is told. */
static const struct {
	const char *address, *told;
} for_ann[] = {
	{"ann@example.org", "unknown ann@example.org > >"},
	{"ann+t@example.org", "unknown ann@example.org > >"},
	{"bob@example.org", "not found"},
	{"nobody@example.org", "not found"},
	{"sales@example.org", "not found"},
	{"x@out.example", "not found"},
};

static void hops(void)
{
	struct resolution r;
	struct err e = {0};

	OK(resolve(&w->gateway, &w->admin, "info@example.org", &r, &e) &&
		   r.hop_count == 4,
	   "every address once");
	IS(r.hops[0]->address, "info@example.org", "itself first");
	NUMBER(r.hops[0]->kind, HOP_ALIAS, "its kind");
	NUMBER(r.hops[0]->leads_to.count, 2, "where it leads");
	IS(r.hops[1]->address, "sales@example.org", "then these");
	IS(r.hops[3]->address, "ann@example.org", "then the next");
	NUMBER(r.hops[3]->kind, HOP_USER, "a user");
	NUMBER(r.mailboxes[0]->quota_bytes, 1000, "and her quota");
	OK(resolve(&w->gateway, &w->admin, "off@example.org", &r, &e) &&
		   !r.hops[0]->post->enabled,
	   "what is disabled is shown so");
	OK(resolve(&w->gateway, &w->admin, "ann@alias.example", &r, &e) &&
		   r.hops[0]->kind == HOP_ALIAS_DOMAIN && r.hop_count == 2,
	   "an alias domain is a hop");
	store_mem_down(w->store, true);
	OK(!resolve(&w->gateway, &w->admin, "ann@example.org", &r, &e) &&
		   e.kind == ERR_UNAVAILABLE,
	   "nothing is said while nothing can be asked");
	store_mem_down(w->store, false);
}

/* A user whose forwards are among what nobody may see. */
static void partly_seen(void)
{
	static const char *to[] = {"bob@example.org", "b@out.example"};
	static const struct text_list away = {to, 2};

	survey_mem_forward("ann@example.org", &away, false);
	IS(told(&w->ann, "ann@example.org"),
	   "unknown > > unknown:bob@example.org unknown:b@out.example",
	   "what one may not see is unknown");
	IS(told(&w->admin, "ann@example.org"),
	   "yes bob@example.org > b@out.example >", "to others it is not");
	survey_mem_forward("ann@example.org", &none, false);
}

static const char *numbered(const char *name, size_t i)
{
	return arena_printf(w->arena, "%s%zu@example.org", name, i);
}

static void limits(void)
{
	const char *many[ALIAS_DESTINATIONS_MAX];
	struct alias al = alias_defaults;

	for (size_t i = 0; i < 21; i++)
		world_alias(w, numbered("n", i), numbered("n", i + 1), NULL);
	user("n21@example.org", true);
	IS(told(&w->admin, "n2@example.org"), "yes n21@example.org > >",
	   "20 steps");
	IS(told(&w->admin, "n1@example.org"),
	   "no n21@example.org > > too_deep:n1@example.org", "21");
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = arena_printf(w->arena, "m%zu@out.example", i);
	al.address = "wide@example.org";
	al.destinations = (struct text_list){many, COUNT(many)};
	world_create(w, KIND_ALIAS, &al);
	OK(strncmp(told(&w->admin, "wide@example.org"), "yes > m", 7) == 0,
	   "10,000 addresses");
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = arena_printf(w->arena, "l%zu@out.example", i);
	al.address = "more@example.org";
	al.destinations = (struct text_list){many, 2000};
	world_create(w, KIND_ALIAS, &al);
	world_alias(w, "wider@example.org", "wide@example.org",
		    "more@example.org");
	OK(strncmp(told(&w->admin, "wider@example.org"), "yes > l", 7) == 0,
	   "12,000");
	world_alias(w, "wider1@example.org", "wider@example.org",
		    "ann@example.org");
	const char *text = told(&w->admin, "wider1@example.org");
	OK(strncmp(text, "no ann@example.org > l", 22) == 0 &&
		   strstr(text, "> too_many:wider1@example.org") != NULL,
	   "12,001");
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = arena_printf(w->arena, "k%zu@out.example", i);
	al.address = "wide2@example.org";
	al.destinations = (struct text_list){many, COUNT(many)};
	world_create(w, KIND_ALIAS, &al);
	world_alias(w, "widest@example.org", "wide@example.org",
		    "wide2@example.org");
	text = told(&w->admin, "widest@example.org");
	OK(strncmp(text, "no incomplete >", 15) == 0 &&
		   strstr(text, "incomplete:widest@example.org") != NULL,
	   "more than are followed");
	text = told(&w->admin, "grow@example.org");
	OK(strncmp(text, "no incomplete > >", 17) == 0 &&
		   strstr(text, "too_deep:grow@example.org") != NULL,
	   "an address that grows comes to an end");
}

/* Seconds of the processor that it takes to follow 10,000 addresses, whose
 * names are made of one pair or the other for each bit of their numbers. */
static double follow(const char *address, const char *zero, const char *one)
{
	enum { BITS = 14 };
	const char *many[ALIAS_DESTINATIONS_MAX];
	struct alias al = alias_defaults;
	struct resolution r;
	struct err e = {0};
	char name[2 * BITS + 1];

	for (size_t i = 0; i < COUNT(many); i++) {
		for (size_t n = 0; n < BITS; n++)
			memcpy(name + 2 * n, i >> n & 1 ? one : zero, 2);
		name[2 * (size_t)BITS] = '\0';
		many[i] = arena_printf(w->arena, "%s@out.example", name);
	}
	al.address = address;
	al.destinations = (struct text_list){many, COUNT(many)};
	world_create(w, KIND_ALIAS, &al);
	clock_t begun = clock();
	if (!resolve(&w->gateway, &w->admin, address, &r, &e) ||
	    r.external.count != COUNT(many))
		printf("Bail out! %s\n", e.text);
	return (double)(clock() - begun) / CLOCKS_PER_SEC;
}

/* Whoever may write an alias chooses what it leads to. */
static void collisions(void)
{
	double usual = follow("usual@example.org", "ab", "cd");
	/* With h * 33 + c both are the same. */
	double chosen = follow("chosen@example.org", "ar", "c0");

	printf("# %g s, chosen to collide %g s\n", usual, chosen);
	OK(chosen < 5 * usual + 0.05, "names that collide take no longer");
}

/* Other delimiters than "+". */
static void delimiters(void)
{
	static const struct {
		char delimiter;
		const char *address, *told;
	} rows[] = {
		{'~', "ann~x@example.org", "yes ann@example.org > >"},
		{'~', "tags~x@example.org", "yes > far~x@out.example >"},
		{'~', "tags+x@example.org", NULL},
		{'-', "ann-x@example.org", "yes ann@example.org > >"},
		{'-', "tags-x@example.org", "yes > far@out.example >"},
		{'-', "ann-marie@example.org", "yes ann-marie@example.org > >"},
		{'-', "ann-marie-x@example.org", "yes ann@example.org > >"},
		{'-', "ann-off@example.org", "yes ann@example.org > >"},
		{'-', "nobody-x@example.org", NULL},
		{'\0', "ann+x@example.org", NULL},
		{'\0', "ann@example.org", "yes ann@example.org > >"},
	};

	world_alias(w, "tags@example.org", "far@out.example", NULL);
	user("ann-marie@example.org", true);
	user("ann-off@example.org", false);
	for (size_t i = 0; i < COUNT(rows); i++) {
		w->gateway.delimiter = rows[i].delimiter;
		const char *text = told(&w->admin, rows[i].address);

		if (rows[i].told != NULL)
			IS(text, rows[i].told, rows[i].address);
		else
			OK(strncmp(text, "no ", 3) == 0, rows[i].address);
	}
	w->gateway.delimiter = '+';
}

int main(void)
{
	w = world_open();
	populate();
	for (size_t i = 0; i < COUNT(cases); i++)
		IS(told(&w->admin, cases[i].address), cases[i].told,
		   cases[i].address);
	for (size_t i = 0; i < COUNT(for_ann); i++)
		IS(told(&w->ann, for_ann[i].address), for_ann[i].told,
		   for_ann[i].address);
	hops();
	partly_seen();
	delimiters();
	limits();
	collisions();
	world_close(&w);
	return tap_done();
}
