#include "tests/lib/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"

static const struct fake_account accounts[] = {
	{"admin", "admin's"},
	{"ann@example.org", "secret"},
	{"bob@example.org", "word"},
	{NULL, NULL},
};

static const struct caller admin = {.login = "admin", .identity = "admin"};
static const struct caller ann = {.login = "ann@example.org",
				  .identity = "ann@example.org"};

static void bail_out(const struct err *e)
{
	printf("Bail out! %s\n", e->text);
	exit(99);
}

void world_create(struct world *w, enum kind k, void *record)
{
	struct revision rev;
	struct err e = {0};

	if (!provision_create(&w->gateway, &w->admin, k, record, &rev, &e))
		bail_out(&e);
}

void world_domain(struct world *w, const char *name, const char *target)
{
	struct domain d = domain_defaults;

	d.name = name;
	if (target != NULL)
		d.kind = "alias";
	d.target = target;
	world_create(w, KIND_DOMAIN, &d);
}

static struct alias leading(struct world *w, const char *address,
			    const char *one, const char *other)
{
	const char *const to[] = {one, other};
	struct alias al = alias_defaults;

	al.address = address;
	al.destinations.count = other != NULL ? 2 : 1;
	al.destinations.items = arena_copy(w->arena, to, sizeof(to));
	return al;
}

void world_alias(struct world *w, const char *address, const char *one,
		 const char *other)
{
	struct alias al = leading(w, address, one, other);

	world_create(w, KIND_ALIAS, &al);
}

void world_lead_back(struct world *w, const char *address, const char *one,
		     const char *other)
{
	struct alias al = leading(w, address, one, other);
	struct revision rev;
	struct err e = {0};

	alias_complete(&al, w->arena);
	if (!w->store->ops->add(w->store, &w->admin, KIND_ALIAS, &al, &rev, &e))
		bail_out(&e);
}

static void populate(struct world *w)
{
	const char *to[] = {"ann@example.org"};
	struct domain open = domain_defaults, closed = domain_defaults;
	struct user one = user_defaults, other = user_defaults;
	struct alias sales = alias_defaults;

	open.name = "example.org";
	open.default_user_quota_bytes = 1000;
	closed.name = "closed.example";
	closed.enabled = false;
	one.address = "ann@example.org";
	one.clear = "secret";
	other.address = "bob@example.org";
	sales.address = "sales@example.org";
	sales.destinations = (struct text_list){to, COUNT(to)};
	world_create(w, KIND_DOMAIN, &open);
	world_create(w, KIND_DOMAIN, &closed);
	world_create(w, KIND_USER, &one);
	world_create(w, KIND_USER, &other);
	world_create(w, KIND_ALIAS, &sales);
	w->hasher.hashed = 0;
}

struct world *world_open(void)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->arena = arena_new();
	w->store = store_mem_open();
	store_mem_administrator(w->store, "admin");
	w->hasher = fake_hasher_make();
	w->login = fake_login_make(accounts);
	w->journal = journal_mem_open(w->store);
	w->gateway = (struct gateway){.store = w->store,
				      .journal = w->journal,
				      .hasher = &w->hasher.port,
				      .login = &w->login.port,
				      .delimiter = '+',
				      .name = "here",
				      .lease_millis = 10000,
				      .settle_millis = 35000};
	w->admin = (struct task){.arena = w->arena,
				 .caller = &admin,
				 .deadline = INT64_MAX};
	w->ann = (struct task){.arena = w->arena,
			       .caller = &ann,
			       .deadline = INT64_MAX};
	populate(w);
	return w;
}

void world_close(struct world **w)
{
	journal_mem_close(&(*w)->journal);
	store_mem_close(&(*w)->store);
	arena_free((*w)->arena);
	free(*w);
	*w = NULL;
}

bool world_remove(const struct gateway *g, const struct task *t, enum kind k,
		  const char *key, bool recursive,
		  const struct text_list *if_match, struct err *e)
{
	const struct removal how = {.recursive = recursive,
				    .if_match = if_match};
	struct text_list dangling;

	return removal(g, t, k, key, &how, &dangling, e);
}
