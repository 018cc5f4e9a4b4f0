/*
 * tally_mem - the operations of core/store.h that count, in memory; for
 * store_mem.  There is no log.
 */
#ifndef TESTS_TALLY_MEM_H
#define TESTS_TALLY_MEM_H

#include "core/store.h"

extern const struct store_ops tally_mem;

/* The counters of a domain, for a test to look at and to spoil: anybody may
 * call it; NULL if there are none. */
struct tally *tally_mem_of(struct store *s, const char *domain);

#endif
