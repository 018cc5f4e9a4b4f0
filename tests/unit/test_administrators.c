#include "core/administrators.h"

#include "core/domain.h"
#include "core/principal.h"
#include "core/user.h"
#include "tests/lib/records.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"

static const char ann[] = "ann@example.org", past[] = "2020-01-01T00:00:00Z";

static struct world *w;
static const struct journal_ops *journal_ops;
static struct journal_ops watched;
static void (*meanwhile)(void);
static unsigned claims;

/* Somebody else is done with his change after we asked, before we claim. */
static bool watched_write(struct journal *j, const struct task *t,
			  struct plan *p, struct err *e)
{
	void (*now)(void) = meanwhile;

	claims++;
	meanwhile = NULL;
	if (now != NULL)
		now();
	return journal_ops->write(j, t, p, e);
}

/* The super administrators are the user ann, the principal ida, and "admin",
 * who is not there and cannot log in. */
static void begin(void)
{
	struct principal ida = principal_defaults;
	struct err e = {0};

	w = world_open();
	OK(world_remove(&w->gateway, &w->admin, KIND_ALIAS, "sales@example.org",
			false, NULL, &e),
	   "nothing leads to her");
	ida.login = "ida";
	ida.super_administrator = true;
	world_create(w, KIND_PRINCIPAL, &ida);
	OK(w->store->ops->set_administrator(w->store, &w->admin, ann, true,
					    false, &e),
	   "a user is a super administrator");
	journal_ops = w->journal->ops;
	watched = *journal_ops;
	watched.write = watched_write;
	w->journal->ops = &watched;
	meanwhile = NULL;
	claims = 0;
}

union record {
	struct domain domain;
	struct user user;
	struct principal principal;
};

static bool change(enum kind k, const char *key, struct field f,
		   const union record *to, struct err *e)
{
	const struct patch patch = {to, &f, 1, false, NULL};
	union record now;
	struct revision rev;

	*e = (struct err){0};
	return provision_change(&w->gateway, &w->admin, k, key, &patch, NULL,
				&now, &rev, e);
}

/* Ways for somebody to be unable to log in, and back. */
static const struct way {
	const char *what;
	enum kind kind;
	const char *key;
	struct field field;
	union record off, on;
} ways[] = {
	{"disabled",
	 KIND_USER,
	 ann,
	 FIELD(struct user, enabled),
	 {.user = {.enabled = false}},
	 {.user = {.enabled = true}}},
	{"kept from logging in",
	 KIND_USER,
	 ann,
	 FIELD(struct user, login_enabled),
	 {.user = {.login_enabled = false}},
	 {.user = {.login_enabled = true}}},
	{"expired",
	 KIND_USER,
	 ann,
	 FIELD(struct user, expires_at),
	 {.user = {.expires_at = past}},
	 {.user = {.expires_at = NULL}}},
	{"in a disabled domain",
	 KIND_DOMAIN,
	 "example.org",
	 FIELD(struct domain, enabled),
	 {.domain = {.enabled = false}},
	 {.domain = {.enabled = true}}},
	{"a disabled principal",
	 KIND_PRINCIPAL,
	 "ida",
	 FIELD(struct principal, enabled),
	 {.principal = {.enabled = false}},
	 {.principal = {.enabled = true}}},
	{"demoted",
	 KIND_PRINCIPAL,
	 "ida",
	 FIELD(struct principal, super_administrator),
	 {.principal = {.super_administrator = false}},
	 {.principal = {.super_administrator = true}}},
};

static bool turn(const struct way *way, bool on, struct err *e)
{
	return change(way->kind, way->key, way->field,
		      on ? &way->on : &way->off, e);
}

static bool take(enum kind k, const char *key, struct err *e)
{
	*e = (struct err){0};
	return world_remove(&w->gateway, &w->admin, k, key, true, NULL, e);
}

static void stays(bool done, const struct err *e, const char *what)
{
	OK(!done, what);
	IS(e->code, "last_administrator", "because nobody else could log in");
}

/* Whatever keeps the others out, the last one is neither kept out nor taken
 * away. */
static void last(void)
{
	struct err e;

	begin();
	for (size_t i = 0; i < COUNT(ways); i++) {
		OK(turn(&ways[i], false, &e), ways[i].what);
		for (size_t j = 0; j < COUNT(ways); j++) {
			if ((ways[i].kind == KIND_PRINCIPAL) ==
			    (ways[j].kind == KIND_PRINCIPAL))
				continue;
			stays(turn(&ways[j], false, &e), &e, ways[j].what);
		}
		if (ways[i].kind == KIND_PRINCIPAL) {
			stays(take(KIND_USER, ann, &e), &e, "she is removed");
			stays(take(KIND_DOMAIN, "example.org", &e), &e,
			      "her domain is removed");
		} else {
			stays(take(KIND_PRINCIPAL, "ida", &e), &e,
			      "he is removed");
		}
		OK(turn(&ways[i], true, &e), "and back");
	}
	NUMBER(journal_mem_count(w->journal), 0, "all names were given back");
	world_close(&w);
}

static void disable_ida(void)
{
	struct err e;

	OK(turn(&ways[4], false, &e), "somebody else disables one");
}

static void disable_ann(void)
{
	struct err e;

	OK(turn(&ways[0], false, &e), "somebody else disables one");
}

static bool remove_ann(struct err *e)
{
	return take(KIND_USER, ann, e);
}

static bool remove_domain(struct err *e)
{
	return take(KIND_DOMAIN, "example.org", e);
}

static bool remove_ida(struct err *e)
{
	return take(KIND_PRINCIPAL, "ida", e);
}

/* Whoever comes between the question and the claim is seen. */
static void overtaken(void)
{
	static bool (*const takes[])(struct err * e) = {remove_ann,
							remove_domain};
	struct err e;

	for (size_t i = 0; i < COUNT(ways); i++) {
		begin();
		meanwhile = ways[i].kind == KIND_PRINCIPAL ? disable_ann
							   : disable_ida;
		stays(turn(&ways[i], false, &e), &e, ways[i].what);
		world_close(&w);
	}
	for (size_t i = 0; i < COUNT(takes); i++) {
		begin();
		meanwhile = disable_ida;
		stays(takes[i](&e), &e, "the other is removed");
		NUMBER(journal_mem_count(w->journal), 0, "nothing is left");
		world_close(&w);
	}
	begin();
	OK(remove_domain(&e), "with another one there the domain goes");
	NUMBER(journal_mem_count(w->journal), 0, "and its plan");
	world_close(&w);
	begin();
	meanwhile = disable_ann;
	stays(remove_ida(&e), &e, "the principal is removed");
	world_close(&w);
}

/* Who is none claims nothing. */
static void ordinary(void)
{
	struct way bob = ways[0];
	struct err e;

	begin();
	bob.key = "bob@example.org";
	world_domain(w, "other.example", NULL);
	claims = 0;
	OK(turn(&bob, false, &e) && turn(&bob, true, &e), "others come and go");
	bob = ways[3];
	bob.key = "other.example";
	OK(turn(&bob, false, &e), "with their domains");
	OK(take(KIND_USER, "bob@example.org", &e), "for good");
	NUMBER(claims, 0, "and nothing is claimed");
	OK(remove_ann(&e) && claims == 2, "but for one of several");
	struct text_list all;
	OK(w->store->ops->administrators(w->store, &w->admin, &all, &e) &&
		   all.count == 2,
	   "who is one no more");
	world_close(&w);
}

static void make_reseller(const char *login)
{
	struct principal p = principal_defaults;

	p.login = login;
	p.reseller = true;
	world_create(w, KIND_PRINCIPAL, &p);
}

static bool sponsor(const char *login, const char *by, struct err *e)
{
	const struct field f = FIELD(struct principal, sponsor);
	const union record to = {.principal = {.sponsor = by}};

	return change(KIND_PRINCIPAL, login, f, &to, e);
}

static void sponsor_back(void)
{
	struct err e;

	OK(sponsor("sub", "rex", &e), "somebody else is quicker");
}

static void circle(void)
{
	struct err e;

	begin();
	make_reseller("rex");
	make_reseller("sub");
	meanwhile = sponsor_back;
	OK(!sponsor("rex", "sub", &e) && e.kind == ERR_INVALID,
	   "two do not become each other's sponsors");
	world_close(&w);
}

int main(void)
{
	last();
	overtaken();
	ordinary();
	circle();
	return tap_done();
}
