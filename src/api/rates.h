/*
 * rates - how often somebody may ask, by where he is, who he is and his key
 *
 * Token buckets that all loops of a process share, in a table that cannot grow.
 * Each gateway counts for itself.
 */
#ifndef API_RATES_H
#define API_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "http/exchange.h"
#include "util/bucket.h"
#include "util/err.h"

enum rate {
	RATE_SOURCE,  /* whatever comes from an IPv4 address or IPv6 /64 */
	RATE_REFUSED, /* what of that proved no login */
	RATE_KEY,     /* whatever is done with one API key */
	RATE_CALLER,  /* whatever is done with a login, its keys among it */
	RATE_CHECKS,  /* what he has looked up in the DNS: checks of domains */
	RATE_COUNT,
};

/* Tokens a second, 0: no limit, and tokens of a full bucket. */
struct rate_settings {
	int64_t source, source_burst;
	int64_t refused, refused_burst;
	int64_t caller, caller_burst;
	int64_t key, key_burst;
	int64_t checks, checks_burst;
};

struct rates;

struct rates *rates_new(void);
void rates_free(struct rates **r); /* accepts NULL */

/* What one request was told by the buckets it asked; all zero: none so far. */
struct rates_seen {
	struct {
		struct bucket_rule rule;
		struct bucket_state state;
	} by[RATE_COUNT];
	int64_t wait_seconds; /* of the one that refused it */
};

/* Take tokens from the bucket of somebody; ERR_RATE if they are not there. */
bool rates_take(struct rates *r, const struct rate_settings *set,
		enum rate which, const char *whose, int64_t cost,
		struct rates_seen *seen, struct err *e);

/* ERR_RATE if there is none; nothing is taken, and nobody told. */
bool rates_look(struct rates *r, const struct rate_settings *set,
		enum rate which, const char *whose, struct rates_seen *seen,
		struct err *e);

/* Take what is known only now to be due; others have to wait for it. */
void rates_charge(struct rates *r, const struct rate_settings *set,
		  enum rate which, const char *whose, int64_t cost,
		  struct rates_seen *seen);

/* RateLimit and RateLimit-Policy, draft-ietf-httpapi-ratelimit-headers-10, of
 * the buckets that were asked; Retry-After where one refused. */
void rates_tell(const struct rates_seen *seen, struct arena *a,
		struct response *res);

#endif
