/*
 * tally_contract - what core/store.h promises of tallies; a part of
 * store_contract()
 */
#ifndef TESTS_TALLY_CONTRACT_H
#define TESTS_TALLY_CONTRACT_H

#include "tests/contract/store_contract.h"

/* The domains it makes are its own. */
void tally_contract(const struct contract *c, struct arena *a);

#endif
