/*
 * tally - what a load generator measured, told as one line of JSON
 *
 * Latencies go into buckets that are 1/32 wide of what they hold, so that a
 * run of any length takes the same memory and a percentile is 3 % off at most.
 */
#ifndef TESTS_BENCH_TALLY_H
#define TESTS_BENCH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALLY_BUCKETS = 1024 };

struct tally {
	int64_t began, ended; /* by clock_micros() */
	uint64_t done, errors;
	uint64_t buckets[TALLY_BUCKETS];
	char first_error[200];
};

void tally_count(struct tally *t, int64_t micros);

/* The first one is kept. */
void tally_error(struct tally *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Add what another thread counted; the span covers both. */
void tally_merge(struct tally *t, const struct tally *other);

/* Microseconds that the given share of all took at most. */
int64_t tally_percentile(const struct tally *t, double share);

void tally_print(const struct tally *t);

#endif
