/*
 * journal_mem - core/journal.h in memory, for tests
 *
 * It shares the troubles of the store in memory, and has what was retired in
 * it.
 */
#ifndef TESTS_JOURNAL_MEM_H
#define TESTS_JOURNAL_MEM_H

#include "core/journal.h"
#include "core/store.h"

/* The store must outlive it. */
struct journal *journal_mem_open(struct store *s);

/* Accepts NULL. */
void journal_mem_close(struct journal **j);

/* How many entries it has, and how many records were retired to them. */
unsigned journal_mem_count(struct journal *j);
/* Without jobs that are over and still told about. */
unsigned journal_mem_unfinished(struct journal *j);
unsigned journal_mem_retired(struct journal *j);

#endif
