/*
 * store_mem_parts - what the files of the store in memory share
 */
#ifndef TESTS_STORE_MEM_PARTS_H
#define TESTS_STORE_MEM_PARTS_H

#include "tests/lib/store_mem.h"

enum { STORE_MEM_ADMINISTRATORS = 4 };

struct item {
	struct item *next;
	enum kind kind;
	void *record;
	unsigned guard;
	int64_t number;   /* 0: it has none yet */
	const char *plan; /* it was retired to; NULL: it is there */
	bool along;       /* with its domain */
};

struct counted;

struct store_mem {
	struct store port;
	struct arena *arena;
	struct item *items;
	struct counted *tallies;
	unsigned marks; /* of tallies, given out */
	const char *administrators[STORE_MEM_ADMINISTRATORS];
	size_t administrator_count;
	int64_t numbers; /* given out */
	unsigned clock;  /* counts writes, and tells the time */
	unsigned writes;
	void (*before)(void *ctx);
	void *ctx;
	unsigned fuse; /* writes until trouble begins; 0: never */
	enum store_mem_trouble trouble;
	bool down;
	const char *held, *held_until; /* one address */
	const char *role;              /* one address that has any */
};

static inline struct store_mem *store_mem_self(struct store *s)
{
	return (struct store_mem *)s;
}

bool store_mem_is_up(const struct store_mem *s, struct err *e);

/* What will become of a write that is just to be done.  False, with e set: it
 * must not be done.  `lost`: it is to be done, and its answer be lost: then
 * store_mem_lost() is what to return. */
bool store_mem_fate(struct store_mem *s, bool *lost, struct err *e);
bool store_mem_lost(bool lost, struct err *e);

struct item *store_mem_find(struct store_mem *s, enum kind k, const char *key);
const char *store_mem_key(const struct item *it);
void store_mem_stamp(struct store_mem *s, struct item *it);
bool store_mem_wants(const struct item *it, const struct query *q);
/* He is a super administrator, or no longer. */
void store_mem_name(struct store_mem *s, const char *login, bool yes);
bool store_mem_may_write(const struct store_mem *s, const struct task *t);

/* The operations that plans are made of. */
extern const struct store_ops store_mem_steps;

/* Put in those that rename a domain. */
void store_mem_moving(struct store_ops *ops);

#endif
