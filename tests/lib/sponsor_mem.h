/*
 * sponsor_mem - budgets and super administrators of the store in memory
 */
#ifndef TESTS_SPONSOR_MEM_H
#define TESTS_SPONSOR_MEM_H

#include "core/store.h"

/* Only what this is about is set. */
void sponsor_mem_add(struct store_ops *ops);

#endif
