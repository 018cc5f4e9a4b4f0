/*
 * world - a gateway on fakes with a few records, for tests
 *
 *	example.org	with the users ann and bob and the alias sales
 *	closed.example	disabled
 *
 * "admin" is super administrator; ann's password is "secret", bob's "word".
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "core/provision.h"
#include "core/removal.h"
#include "tests/lib/fake_hasher.h"
#include "tests/lib/fake_login.h"
#include "tests/lib/journal_mem.h"
#include "tests/lib/store_mem.h"

struct world {
	struct arena *arena;
	struct store *store;
	struct journal *journal;
	struct fake_hasher hasher;
	struct fake_login login;
	struct gateway gateway;
	struct task admin, ann; /* on their behalf */
};

struct world *world_open(void);
void world_close(struct world **w);

/* As the administrator; the test ends if it cannot be done. */
void world_create(struct world *w, enum kind k, void *record);

/* A local domain, or an alias of the target. */
void world_domain(struct world *w, const char *name, const char *target);

/* `other` may be NULL. */
void world_alias(struct world *w, const char *address, const char *one,
		 const char *other);

/* As other tools than ours may write it: a circle may be closed. */
void world_lead_back(struct world *w, const char *address, const char *one,
		     const char *other);

/* What leads to it is an obstacle. */
bool world_remove(const struct gateway *g, const struct task *t, enum kind k,
		  const char *key, bool recursive,
		  const struct text_list *if_match, struct err *e);

#endif
