/*
 * bucket - so many tokens that come back at an even rate
 *
 * All that is kept is the moment at which a bucket is full again: 0 is a full
 * one.  Moments are nanoseconds of any clock that only grows.
 */
#ifndef UTIL_BUCKET_H
#define UTIL_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket_rule {
	int64_t rate;  /* tokens a second; 0: no limit */
	int64_t burst; /* tokens in a full bucket, at least 1 */
};

/* How it looks. */
struct bucket_state {
	int64_t left;         /* whole tokens */
	int64_t full_seconds; /* until it is full, rounded up */
	int64_t wait_seconds; /* until what was asked for is there, rounded up;
			       * 0: it is */
};

/* Whether `cost` tokens are there, without taking them.  What costs more than a
 * full bucket has to wait for a full one. */
bool bucket_has(const int64_t *full_at, const struct bucket_rule *r,
		int64_t cost, int64_t now, struct bucket_state *ret);

/* The same, and take them if they are. */
bool bucket_take(int64_t *full_at, const struct bucket_rule *r, int64_t cost,
		 int64_t now, struct bucket_state *ret);

/* Take them though they may not be there: others have to wait until they are.
 * A bucket owes no more than it holds when it is full. */
void bucket_charge(int64_t *full_at, const struct bucket_rule *r, int64_t cost,
		   int64_t now, struct bucket_state *ret);

#endif
