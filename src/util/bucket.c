#include "util/bucket.h"

static const int64_t second = 1000000000;

static int64_t token(const struct bucket_rule *r)
{
	return second / r->rate;
}

static int64_t lacking(const int64_t *full_at, int64_t now)
{
	return *full_at > now ? *full_at - now : 0;
}

static int64_t seconds_up(int64_t nanos)
{
	return nanos > 0 ? (nanos + second - 1) / second : 0;
}

static int64_t price(const struct bucket_rule *r, int64_t cost)
{
	return (cost < r->burst ? cost : r->burst) * token(r);
}

static void look(const int64_t *full_at, const struct bucket_rule *r,
		 int64_t now, struct bucket_state *ret)
{
	int64_t missing = lacking(full_at, now), all = r->burst * token(r);

	*ret = (struct bucket_state){.left = missing < all ? (all - missing) /
								     token(r)
							   : 0,
				     .full_seconds = seconds_up(missing)};
}

bool bucket_has(const int64_t *full_at, const struct bucket_rule *r,
		int64_t cost, int64_t now, struct bucket_state *ret)
{
	int64_t more =
		lacking(full_at, now) + price(r, cost) - r->burst * token(r);

	look(full_at, r, now, ret);
	ret->wait_seconds = seconds_up(more);
	return more <= 0;
}

bool bucket_take(int64_t *full_at, const struct bucket_rule *r, int64_t cost,
		 int64_t now, struct bucket_state *ret)
{
	if (!bucket_has(full_at, r, cost, now, ret))
		return false;
	*full_at = now + lacking(full_at, now) + price(r, cost);
	look(full_at, r, now, ret);
	return true;
}

void bucket_charge(int64_t *full_at, const struct bucket_rule *r, int64_t cost,
		   int64_t now, struct bucket_state *ret)
{
	int64_t missing = lacking(full_at, now) + price(r, cost);
	int64_t most = 2 * r->burst * token(r);

	*full_at = now + (missing < most ? missing : most);
	look(full_at, r, now, ret);
}
