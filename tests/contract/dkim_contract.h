/*
 * dkim_contract - what core/dkim_ring.h promises of keys whose time has come
 *
 * On a fiber, with a store that parks it and a ring that is empty.
 */
#ifndef TESTS_DKIM_CONTRACT_H
#define TESTS_DKIM_CONTRACT_H

#include "core/dkim_ring.h"
#include "tests/contract/store_contract.h"

/* Says what it found, and whether all is well: the exit status. */
int dkim_contract(const struct contract *c, struct dkim_ring *r);

#endif
