/*
 * plan_contract - what the store promises about the steps of plans, and
 * core/journal.h, put to any pair of them
 */
#ifndef TESTS_PLAN_CONTRACT_H
#define TESTS_PLAN_CONTRACT_H

#include "tests/contract/store_contract.h"

/* As store_contract(), and after nothing else. */
int plan_contract(const struct contract *c);

#endif
