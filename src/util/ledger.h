/*
 * ledger - a few numbers about many names, in a table that cannot grow
 *
 * Any thread may use it.  A name is kept as a hash that nobody can foresee; two
 * names share an account only by rare chance.  When a row of the table is full,
 * the account that was not used for longest makes room: so who fills the table
 * makes it forget others, and it is large enough for that to take long.
 */
#ifndef UTIL_LEDGER_H
#define UTIL_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEDGER_NUMBERS = 4 };

struct ledger;

struct account {
	int64_t numbers[LEDGER_NUMBERS]; /* all 0 in a new one */
};

/* Room for at least that many. */
struct ledger *ledger_new(size_t accounts);
void ledger_free(struct ledger **l); /* accepts NULL */

/* Open the account of a name, which nobody else does before it is closed; `now`
 * is clock_now().  One thread has one account open at a time, and does not wait
 * for anything meanwhile. */
struct account *ledger_open(struct ledger *l, const char *name, int64_t now);
/* The same, if it has one; NULL: nothing is open. */
struct account *ledger_find(struct ledger *l, const char *name, int64_t now);

void ledger_close(struct ledger *l, struct account *ac);

#endif
