#include "tests/bench/tally.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { FINE = 32 }; /* buckets for each doubling */

static size_t bucket_of(int64_t micros)
{
	uint64_t n = micros > 0 ? (uint64_t)micros : 0;
	unsigned shift = 0;

	while (n >> shift >= 2 * FINE)
		shift++;
	size_t bucket = shift * FINE + (n >> shift);
	return bucket < TALLY_BUCKETS ? bucket : TALLY_BUCKETS - 1;
}

/* The largest value that falls into it. */
static int64_t top_of(size_t bucket)
{
	unsigned shift = bucket < 2 * FINE ? 0 : (unsigned)bucket / FINE - 1;

	return ((int64_t)(bucket - shift * FINE + 1) << shift) - 1;
}

void tally_count(struct tally *t, int64_t micros)
{
	t->done++;
	t->buckets[bucket_of(micros)]++;
}

void tally_error(struct tally *t, const char *fmt, ...)
{
	va_list ap;

	if (t->errors++ > 0)
		return;
	va_start(ap, fmt);
	vsnprintf(t->first_error, sizeof(t->first_error), fmt, ap);
	va_end(ap);
	/* It stands in JSON, between quotes. */
	for (char *p = t->first_error; *p != '\0'; p++) {
		if (*p < ' ' || *p == '"' || *p == '\\' || *p >= 0x7f)
			*p = '\'';
	}
}

void tally_merge(struct tally *t, const struct tally *other)
{
	if (other->began < t->began)
		t->began = other->began;
	if (other->ended > t->ended)
		t->ended = other->ended;
	for (size_t i = 0; i < TALLY_BUCKETS; i++)
		t->buckets[i] += other->buckets[i];
	t->done += other->done;
	if (other->errors > 0)
		tally_error(t, "%s", other->first_error);
	t->errors += other->errors > 0 ? other->errors - 1 : 0;
}

int64_t tally_percentile(const struct tally *t, double share)
{
	uint64_t wanted = (uint64_t)((double)t->done * share), seen = 0;

	for (size_t i = 0; i < TALLY_BUCKETS; i++) {
		seen += t->buckets[i];
		if (seen > wanted || (seen == t->done && seen > 0))
			return top_of(i);
	}
	return 0;
}

void tally_print(const struct tally *t)
{
	struct timespec cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("{\"done\": %llu, \"errors\": %llu, \"first_error\": \"%s\", "
	       "\"seconds\": %.6f, \"p50_micros\": %lld, "
	       "\"p99_micros\": %lld, \"cpu_seconds\": %.6f}\n",
	       (unsigned long long)t->done, (unsigned long long)t->errors,
	       t->first_error, (double)(t->ended - t->began) / 1e6,
	       (long long)tally_percentile(t, 0.5),
	       (long long)tally_percentile(t, 0.99),
	       (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
}
