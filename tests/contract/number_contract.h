/*
 * number_contract - what core/store.h promises of numbers, with many callers at
 * the same time
 *
 * On a fiber, with a store that parks it.  The store must be empty, but for the
 * callers.
 */
#ifndef TESTS_NUMBER_CONTRACT_H
#define TESTS_NUMBER_CONTRACT_H

#include "tests/contract/store_contract.h"

/* Says what it found, and whether all is well: the exit status. */
int number_contract(const struct contract *c);

#endif
