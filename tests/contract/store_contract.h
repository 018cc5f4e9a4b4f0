/*
 * store_contract - what core/store.h promises, put to any store
 *
 * The store must be empty, but for the callers.  Everything is done on behalf
 * of `admin`, a super administrator; `user` is ann@contract.example once she
 * was made; `guest` may do nothing.
 */
#ifndef TESTS_STORE_CONTRACT_H
#define TESTS_STORE_CONTRACT_H

#include "core/journal.h"
#include "core/store.h"

struct contract {
	struct store *store;
	struct journal *journal; /* for plan_contract() */
	const struct caller *admin, *user, *guest;
	const char *hash, *other_hash; /* of "first" and "second" */
	bool (*opens)(void *ctx, const char *address, const char *clear);
	void *ctx;
};

/* Says what it found, and whether all is well: the exit status. */
int store_contract(const struct contract *c);

#endif
