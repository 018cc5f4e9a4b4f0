/*
 * usage_contract - the part of the store's contract about what mail servers
 * tell of users; after the rest has made them
 */
#ifndef TESTS_USAGE_CONTRACT_H
#define TESTS_USAGE_CONTRACT_H

#include "tests/contract/store_contract.h"

void usage_contract(const struct contract *c, struct arena *a);

#endif
