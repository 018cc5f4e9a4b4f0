/*
 * survey_contract - the part of the store's contract that is about many records
 * at once
 */
#ifndef TESTS_SURVEY_CONTRACT_H
#define TESTS_SURVEY_CONTRACT_H

#include "tests/contract/store_contract.h"

/* On the records that store_contract() has made. */
void survey_contract(const struct contract *c, struct arena *a);

#endif
