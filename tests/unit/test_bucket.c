#include "util/bucket.h"

#include "tests/lib/tap.h"

static const int64_t second = 1000000000;

/* The clock is ours. */
static int64_t now = 1000;

static struct bucket_state state;

static unsigned take_all(int64_t *full_at, const struct bucket_rule *r)
{
	unsigned taken = 0;

	while (taken < 10000 && bucket_take(full_at, r, 1, now, &state))
		taken++;
	return taken;
}

static void exact(void)
{
	const struct bucket_rule rule = {5, 20};
	int64_t bucket = 0;

	OK(bucket_has(&bucket, &rule, 1, now, &state) && state.left == 20 &&
		   state.full_seconds == 0,
	   "a new one is full");
	OK(take_all(&bucket, &rule) == 20, "it has as many tokens as it holds");
	OK(state.left == 0 && state.wait_seconds == 1 &&
		   state.full_seconds == 4,
	   "then it says how long they take to come back");
	now += second / 5 - 1;
	OK(take_all(&bucket, &rule) == 0, "just before its time there is none");
	now += 1;
	OK(take_all(&bucket, &rule) == 1, "in its time there is one");
	now += second;
	OK(take_all(&bucket, &rule) == 5, "in a second there are five");
	now += 3600 * second;
	OK(take_all(&bucket, &rule) == 20, "in an hour no more than it holds");
}

/* Who waits as long as he was told is let in, and not much sooner. */
static void waiting(void)
{
	static const int64_t rates[] = {1, 3, 7, 60, 999, 1000000};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct bucket_rule rule = {rates[i], 40};
		int64_t bucket = 0;

		take_all(&bucket, &rule);
		bool good = !bucket_take(&bucket, &rule, 30, now, &state);
		now += state.wait_seconds * second;
		OK(good && bucket_take(&bucket, &rule, 30, now, &state),
		   "thirty are there when it said");
		good = (state.wait_seconds - 1) * rates[i] <= 30;
		OK(good, "and that was no second too long");
	}
}

static void dear(void)
{
	const struct bucket_rule rule = {10, 10};
	int64_t bucket = 0;

	OK(bucket_take(&bucket, &rule, 1000, now, &state) && state.left == 0,
	   "what costs more than all takes all");
	OK(!bucket_take(&bucket, &rule, 1000, now, &state) &&
		   state.wait_seconds == 1,
	   "and has to wait for all");
	bucket_charge(&bucket, &rule, 5, now, &state);
	OK(!bucket_has(&bucket, &rule, 1, now, &state) && state.left == 0,
	   "one may owe");
	now += 500000000;
	OK(!bucket_has(&bucket, &rule, 1, now, &state),
	   "which is paid before anything else");
	now += 100000000;
	OK(bucket_take(&bucket, &rule, 1, now, &state), "when it is paid");
	for (int i = 0; i < 1000; i++)
		bucket_charge(&bucket, &rule, 10, now, &state);
	OK(state.full_seconds == 2, "nobody owes more than a full one");
	OK(!bucket_has(&bucket, &rule, 1, now, &state) &&
		   state.wait_seconds == 2,
	   "and whoever comes knows how long that takes");
}

/* Other rules hold at once, whatever was taken before. */
static void changed(void)
{
	const struct bucket_rule slow = {1, 1000}, fast = {1000, 1000};
	int64_t bucket = 0;

	take_all(&bucket, &slow);
	bucket_charge(&bucket, &fast, 1, now, &state);
	OK(state.full_seconds == 2, "what is owed shrinks with what it holds");
}

int main(void)
{
	exact();
	waiting();
	dear();
	changed();
	return tap_done();
}
