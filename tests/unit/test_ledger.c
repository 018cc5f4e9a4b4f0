#include "util/ledger.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/lib/tap.h"
#include "util/field.h"

enum { SMALL = 512, THREADS = 4, TURNS = 20000, NAMES = 16 };

static int64_t look(struct ledger *l, const char *name, int64_t add,
		    int64_t now)
{
	struct account *ac = ledger_open(l, name, now);
	int64_t was = ac->numbers[0];

	ac->numbers[0] += add;
	ledger_close(l, ac);
	return was;
}

static void *count(void *ctx)
{
	struct ledger *l = ctx;
	char name[32];

	for (int i = 0; i < TURNS; i++) {
		snprintf(name, sizeof(name), "name %d", i % NAMES);
		look(l, name, 1, i);
	}
	return NULL;
}

static int64_t counted_together(struct ledger *l)
{
	pthread_t threads[THREADS];
	int64_t sum = 0;
	char name[32];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count, l);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "name %d", i);
		sum += look(l, name, 0, TURNS);
	}
	return sum;
}

/* Many strangers come, and one who is seen again and again. */
static int64_t kept_of(struct ledger *l, int strangers)
{
	char name[32];

	look(l, "regular", 7, 1);
	for (int i = 0; i < strangers; i++) {
		snprintf(name, sizeof(name), "stranger %d", i);
		look(l, name, 1, i + 2);
		look(l, "regular", 0, i + 2);
	}
	return look(l, "regular", 0, strangers + 2);
}

/* How many of the strangers are still known. */
static int still_known(struct ledger *l, int strangers)
{
	char name[32];
	int known = 0;

	for (int i = strangers - 1; i >= 0; i--) {
		snprintf(name, sizeof(name), "stranger %d", i);
		known += look(l, name, 0, strangers + 3) == 1;
	}
	return known;
}

int main(void)
{
	struct ledger *l = ledger_new(SMALL), *none = NULL;

	OK(look(l, "ann", 3, 1) == 0, "an account begins with nothing");
	OK(look(l, "ann", 0, 2) == 3, "and keeps what is written there");
	OK(look(l, "bob", 0, 2) == 0, "for one name alone");
	OK(counted_together(l) == (int64_t)THREADS * TURNS,
	   "threads wait for each other");
	ledger_free(&l);
	l = ledger_new(SMALL);
	OK(kept_of(l, 100 * SMALL) == 7, "who comes often is not forgotten");
	int known = still_known(l, 100 * SMALL);
	OK(known > 0 && known <= 2 * SMALL, "the table has not grown");
	ledger_free(&l);
	OK(l == NULL, "it is gone");
	ledger_free(&none);
	return tap_done();
}
