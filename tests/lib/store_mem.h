/*
 * store_mem - core/store.h in memory, for tests
 *
 * It keeps the promises of the port; tests/contract holds it and the real one
 * to the same.  A caller's identity is his address or name.  Administrators may
 * do everything, a user may read himself, and nobody else sees anything.
 */
#ifndef TESTS_STORE_MEM_H
#define TESTS_STORE_MEM_H

#include "core/store.h"

struct store *store_mem_open(void);

/* Accepts NULL. */
void store_mem_close(struct store **s);

/* Let this identity do everything. */
void store_mem_administrator(struct store *s, const char *identity);

/* The hash kept for a user; NULL if there is none. */
const char *store_mem_password(struct store *s, const char *address);

/* Call fn(ctx) before each write, as if somebody were quicker.
 * What it does itself is not told again. */
void store_mem_before_write(struct store *s, void (*fn)(void *ctx), void *ctx);

/* Give the user of that address, there or not, a role; NULL: take it away. */
void store_mem_role(struct store *s, const char *address);

/* Somebody wrote what no reader can see: only the guard changes. */
void store_mem_touch(struct store *s, enum kind k, const char *key);

/* While it is down every call is ERR_UNAVAILABLE. */
void store_mem_down(struct store *s, bool down);

/* Trouble at a write, that of the journal included: it is not done and the
 * store goes down; or it is done, but the store goes down before it answers; or
 * just this one answer is lost.  The fuse counts writes; 0: no trouble. */
enum store_mem_trouble {
	STORE_MEM_DIES_BEFORE,
	STORE_MEM_DIES_AFTER,
	STORE_MEM_LOSES_ONE
};
void store_mem_trouble(struct store *s, unsigned fuse,
		       enum store_mem_trouble trouble);

/* How many writes were done. */
unsigned store_mem_writes(struct store *s);

#endif
