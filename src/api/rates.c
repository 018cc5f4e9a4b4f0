#include "api/rates.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/ledger.h"
#include "util/meter.h"

enum {
	ACCOUNTS = 1 << 16, /* buckets at a time: 4 MB, once all were used */
	NAME_MOST = 512,    /* bytes of a name that count */
};

/* The numbers of an account: with another rule a bucket begins anew. */
enum { FULL_AT, RATE, BURST };

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
	[RATE_CHECKS] = {"checks", offsetof(struct rate_settings, checks),
			 offsetof(struct rate_settings, checks_burst),
			 "too many checks of domains with your login"},
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

/* The account of somebody in one sort of bucket. */
static struct account *open_account(struct rates *r, enum rate which,
				    const char *whose, int64_t now)
{
	char name[NAME_MOST];
	size_t size = strnlen(whose, sizeof(name) - 2);

	name[0] = (char)('a' + which);
	memcpy(name + 1, whose, size);
	name[size + 1] = '\0';
	return ledger_open(r->ledger, name, now);
}

/* One that is open: ledger_close() closes its account. */
struct bucket {
	struct account *account;
	int64_t *full_at;
	int64_t now; /* nanoseconds */
};

/* False if there is no limit. */
static bool begin(struct rates *r, const struct rate_settings *set,
		  enum rate which, const char *whose, struct rates_seen *seen,
		  struct bucket *ret)
{
	int64_t *numbers, micros = clock_micros();
	struct bucket_rule rule;

	if (r == NULL)
		return false;
	rule = rule_of(set, which);
	if (rule.rate == 0)
		return false;
	seen->by[which].rule = rule;
	ret->account = open_account(r, which, whose, micros / 1000);
	numbers = ret->account->numbers;
	if (numbers[RATE] != rule.rate || numbers[BURST] != rule.burst) {
		numbers[FULL_AT] = 0;
		numbers[RATE] = rule.rate;
		numbers[BURST] = rule.burst;
	}
	ret->full_at = &numbers[FULL_AT];
	ret->now = micros * 1000;
	return true;
}

static bool judge(bool good, enum rate which, struct rates_seen *seen,
		  struct err *e)
{
	if (good)
		return true;
	meter_add(METER_RATE_LIMITED, which, 0, 1);
	seen->wait_seconds = seen->by[which].state.wait_seconds;
	return err_set(e, ERR_RATE, "%s; wait for %lld s", kinds[which].why,
		       (long long)seen->wait_seconds);
}

bool rates_take(struct rates *r, const struct rate_settings *set,
		enum rate which, const char *whose, int64_t cost,
		struct rates_seen *seen, struct err *e)
{
	struct bucket b;

	if (!begin(r, set, which, whose, seen, &b))
		return true;
	bool good = bucket_take(b.full_at, &seen->by[which].rule, cost, b.now,
				&seen->by[which].state);
	ledger_close(r->ledger, b.account);
	return judge(good, which, seen, e);
}

bool rates_look(struct rates *r, const struct rate_settings *set,
		enum rate which, const char *whose, struct rates_seen *seen,
		struct err *e)
{
	struct bucket b;

	if (!begin(r, set, which, whose, seen, &b))
		return true;
	bool good = bucket_has(b.full_at, &seen->by[which].rule, 1, b.now,
			       &seen->by[which].state);
	ledger_close(r->ledger, b.account);
	if (good)
		seen->by[which].rule.rate = 0;
	return judge(good, which, seen, e);
}

void rates_charge(struct rates *r, const struct rate_settings *set,
		  enum rate which, const char *whose, int64_t cost,
		  struct rates_seen *seen)
{
	struct bucket b;

	if (!begin(r, set, which, whose, seen, &b))
		return;
	bucket_charge(b.full_at, &seen->by[which].rule, cost, b.now,
		      &seen->by[which].state);
	ledger_close(r->ledger, b.account);
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
