/*
 * names - the users of a measurement, by number, and the order they come in
 *
 * User n is u000042@d0000.example, HOUSEHOLD of them in each domain; bench.py
 * makes the same names.
 */
#ifndef TESTS_BENCH_NAMES_H
#define TESTS_BENCH_NAMES_H

#include <stdint.h>

enum { NAME_SIZE = 96, HOUSEHOLD = 100 };

struct names {
	uint64_t users;  /* there are; a multiple of HOUSEHOLD */
	uint64_t from;   /* number of the first request */
	const char *tag; /* sets new names apart from those of other runs */
};

/* The user whom request i is about: none comes twice before all have come, and
 * neighbours in time are none in the directory. */
uint64_t name_turn(const struct names *n, uint64_t i);

void name_domain(uint64_t user, char ret[NAME_SIZE]);
void name_user(uint64_t user, char ret[NAME_SIZE]);

/* A name nobody has yet: of the new user that request i makes. */
void name_new(const struct names *n, uint64_t i, char ret[NAME_SIZE]);

#endif
