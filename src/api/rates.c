#include "api/rates.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/ledger.h"

enum {
	ACCOUNTS = 1 << 16, /* buckets at a time: 4 MB, once all were used */
	FULL_AT = 0,        /* which number of an account is the bucket */
};

struct rates {
	struct ledger *ledger;
};

static const struct {
	const char *name;
	size_t rate, burst; /* in the settings */
	const char *why;
} kinds[RATE_COUNT] = {
	[RATE_SOURCE] = {"source", offsetof(struct rate_settings, source),
			 offsetof(struct rate_settings, source_burst),
			 "too many requests from your address"},
	[RATE_REFUSED] = {"refused", offsetof(struct rate_settings, refused),
			  offsetof(struct rate_settings, refused_burst),
			  "too many requests from your address that proved no "
			  "login"},
	[RATE_CALLER] = {"caller", offsetof(struct rate_settings, caller),
			 offsetof(struct rate_settings, caller_burst),
			 "too many requests with your login"},
	[RATE_KEY] = {"key", offsetof(struct rate_settings, key),
		      offsetof(struct rate_settings, key_burst),
		      "too many requests with this API key"},
};

struct rates *rates_new(void)
{
	struct rates *r = alloc_zeroed(sizeof(*r));

	r->ledger = ledger_new(ACCOUNTS);
	return r;
}

void rates_free(struct rates **rates)
{
	struct rates *r = *rates;

	*rates = NULL;
	if (r == NULL)
		return;
	ledger_free(&r->ledger);
	free(r);
}

static struct bucket_rule rule_of(const struct rate_settings *set,
				  enum rate which)
{
	const char *base = (const char *)set;

	return (struct bucket_rule){*(const int64_t *)(base +
						       kinds[which].rate),
				    *(const int64_t *)(base +
						       kinds[which].burst)};
}

/* The account of somebody in one sort of bucket.  The rule is part of its name:
 * when it changes, everybody begins anew. */
static struct account *open_bucket(struct rates *r, enum rate which,
				   const struct bucket_rule *rule,
				   const char *whose)
{
	const char *name = kinds[which].name;
	char text[256];

	if (snprintf(text, sizeof(text), "%s %lld %lld %s", name,
		     (long long)rule->rate, (long long)rule->burst, whose) < 0)
		abort();
	return ledger_open(r->ledger, text, clock_now());
}

/* What a client may be told of it. */
static int64_t *begin(struct rates *r, const struct rate_settings *set,
		      enum rate which, const char *whose,
		      struct rates_seen *seen, struct account **ret)
{
	struct bucket_rule rule = rule_of(set, which);

	if (r == NULL || rule.rate == 0)
		return NULL;
	seen->by[which].rule = rule;
	*ret = open_bucket(r, which, &rule, whose);
	return &(*ret)->numbers[FULL_AT];
}

static int64_t nanos(void)
{
	return clock_micros() * 1000;
}

static bool judge(bool good, enum rate which, struct rates_seen *seen,
		  struct err *e)
{
	if (good)
		return true;
	seen->wait_seconds = seen->by[which].state.wait_seconds;
	return err_set(e, ERR_RATE, "%s; wait for %lld s", kinds[which].why,
		       (long long)seen->wait_seconds);
}

bool rates_take(struct rates *r, const struct rate_settings *set,
		enum rate which, const char *whose, int64_t cost,
		struct rates_seen *seen, struct err *e)
{
	struct account *ac;
	int64_t *full_at = begin(r, set, which, whose, seen, &ac);

	if (full_at == NULL)
		return true;
	bool good = bucket_take(full_at, &seen->by[which].rule, cost, nanos(),
				&seen->by[which].state);
	ledger_close(r->ledger, ac);
	return judge(good, which, seen, e);
}

bool rates_look(struct rates *r, const struct rate_settings *set,
		enum rate which, const char *whose, struct rates_seen *seen,
		struct err *e)
{
	struct account *ac;
	int64_t *full_at = begin(r, set, which, whose, seen, &ac);

	if (full_at == NULL)
		return true;
	bool good = bucket_has(full_at, &seen->by[which].rule, 1, nanos(),
			       &seen->by[which].state);
	ledger_close(r->ledger, ac);
	if (good)
		seen->by[which].rule.rate = 0;
	return judge(good, which, seen, e);
}

void rates_charge(struct rates *r, const struct rate_settings *set,
		  enum rate which, const char *whose, int64_t cost,
		  struct rates_seen *seen)
{
	struct account *ac;
	int64_t *full_at = begin(r, set, which, whose, seen, &ac);

	if (full_at == NULL)
		return;
	bucket_charge(full_at, &seen->by[which].rule, cost, nanos(),
		      &seen->by[which].state);
	ledger_close(r->ledger, ac);
}

void rates_tell(const struct rates_seen *seen, struct arena *a,
		struct response *res)
{
	const char *limits = NULL, *policies = NULL;

	for (size_t i = 0; i < RATE_COUNT; i++) {
		const struct bucket_rule *rule = &seen->by[i].rule;
		const struct bucket_state *state = &seen->by[i].state;
		const char *so_far = limits != NULL ? ", " : "";

		if (rule->rate == 0)
			continue;
		limits = arena_printf(a, "%s%s\"%s\";r=%lld;t=%lld",
				      limits != NULL ? limits : "", so_far,
				      kinds[i].name, (long long)state->left,
				      (long long)state->full_seconds);
		policies =
			arena_printf(a, "%s%s\"%s\";q=%lld;w=%lld",
				     policies != NULL ? policies : "", so_far,
				     kinds[i].name, (long long)rule->burst,
				     (long long)((rule->burst + rule->rate -
						  1) /
						 rule->rate));
	}
	if (limits != NULL) {
		response_header(res, "RateLimit", limits);
		response_header(res, "RateLimit-Policy", policies);
	}
	if (seen->wait_seconds > 0)
		response_header(res, "Retry-After",
				arena_printf(a, "%lld",
					     (long long)seen->wait_seconds));
}
