#include "util/ledger.h"

#include <pthread.h>
#include <stdlib.h>

#include "util/alloc.h"
#include "util/hash.h"

enum {
	WAYS = 8,     /* accounts in a row */
	STRIPES = 64, /* locks, each for many rows */
};

struct place {
	struct account account; /* first, so that one leads to the other */
	uint64_t name;          /* its hash; 0: nobody has it */
	int64_t used;
};

struct ledger {
	size_t rows; /* a power of two */
	pthread_mutex_t locks[STRIPES];
	struct place places[];
};

struct ledger *ledger_new(size_t accounts)
{
	size_t rows = STRIPES;

	while (rows * WAYS < accounts)
		rows *= 2;
	struct ledger *l =
		alloc_zeroed(sizeof(*l) + rows * WAYS * sizeof(l->places[0]));
	l->rows = rows;
	for (size_t i = 0; i < STRIPES; i++)
		pthread_mutex_init(&l->locks[i], NULL);
	return l;
}

void ledger_free(struct ledger **ledger)
{
	struct ledger *l = *ledger;

	*ledger = NULL;
	for (size_t i = 0; l != NULL && i < STRIPES; i++)
		pthread_mutex_destroy(&l->locks[i]);
	free(l);
}

static struct place *find(struct place *row, uint64_t name)
{
	struct place *oldest = row;

	for (struct place *p = row; p < row + WAYS; p++) {
		if (p->name == name)
			return p;
		if (p->name == 0 ||
		    (oldest->name != 0 && p->used < oldest->used))
			oldest = p;
	}
	*oldest = (struct place){.name = name};
	return oldest;
}

struct account *ledger_open(struct ledger *l, const char *name, int64_t now)
{
	uint64_t hash = hash_text(name) | 1; /* never 0 */
	size_t row = (size_t)(hash >> 1) & (l->rows - 1);

	pthread_mutex_lock(&l->locks[row % STRIPES]);
	struct place *p = find(&l->places[row * WAYS], hash);
	p->used = now;
	return &p->account;
}

struct account *ledger_find(struct ledger *l, const char *name, int64_t now)
{
	uint64_t hash = hash_text(name) | 1;
	size_t row = (size_t)(hash >> 1) & (l->rows - 1);
	struct place *p = &l->places[row * WAYS], *end = p + WAYS;

	pthread_mutex_lock(&l->locks[row % STRIPES]);
	while (p < end && p->name != hash)
		p++;
	if (p < end) {
		p->used = now;
		return &p->account;
	}
	pthread_mutex_unlock(&l->locks[row % STRIPES]);
	return NULL;
}

void ledger_close(struct ledger *l, struct account *ac)
{
	size_t row = (size_t)((struct place *)ac - l->places) / WAYS;

	pthread_mutex_unlock(&l->locks[row % STRIPES]);
}
