#include "api/rates.h"

#include <malloc.h>
#include <stdlib.h>

#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"

/* So slow that nothing comes back while a test runs. */
static const struct rate_settings set = {.source = 1,
					 .source_burst = 1000,
					 .refused = 1,
					 .refused_burst = 100,
					 .caller = 1,
					 .caller_burst = 500,
					 .key = 0,
					 .key_burst = 10};

static unsigned take(struct rates *r, const struct rate_settings *s,
		     enum rate which, const char *whose, unsigned tries)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < tries; i++) {
		struct rates_seen seen = {0};
		struct err e = {0};

		taken += rates_take(r, s, which, whose, 1, &seen, &e);
	}
	return taken;
}

/* A machine may be slow enough for one to come back. */
static bool about(unsigned taken, unsigned burst)
{
	return taken >= burst && taken <= burst + 2;
}

static void apart(struct rates *r)
{
	OK(about(take(r, &set, RATE_SOURCE, "192.0.2.1", 2000), 1000),
	   "a source has what it has");
	OK(about(take(r, &set, RATE_SOURCE, "192.0.2.2", 2000), 1000),
	   "another has its own");
	OK(about(take(r, &set, RATE_CALLER, "192.0.2.1", 2000), 500),
	   "so has who is called so");
	OK(take(r, &set, RATE_KEY, "192.0.2.1", 2000) == 2000,
	   "where there is no limit there is none");
	OK(take(NULL, NULL, RATE_SOURCE, "192.0.2.1", 2000) == 2000,
	   "nor where nobody is limited");
	struct rate_settings other = set;
	other.source_burst = 10;
	OK(about(take(r, &other, RATE_SOURCE, "192.0.2.1", 20), 10),
	   "with another rule it begins anew");
}

static const char *header(const struct response *res, const char *name)
{
	for (size_t i = 0; i < res->header_count; i++) {
		if (strcmp(res->headers[i].name, name) == 0)
			return res->headers[i].value;
	}
	return NULL;
}

static void told(struct rates *r)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct rates_seen seen = {0};
	struct response res = {0};
	struct err e = {0};

	rates_tell(&seen, a, &res);
	OK(res.header_count == 0, "who asked nobody is told nothing");
	OK(rates_look(r, &set, RATE_REFUSED, "x", &seen, &e),
	   "who only looks is let in");
	rates_tell(&seen, a, &res);
	OK(res.header_count == 0, "and told nothing");
	rates_take(r, &set, RATE_SOURCE, "x", 1, &seen, &e);
	rates_charge(r, &set, RATE_REFUSED, "x", 200, &seen);
	rates_tell(&seen, a, &res);
	IS(header(&res, "RateLimit"),
	   "\"source\";r=999;t=1, \"refused\";r=0;t=100", "what is left");
	IS(header(&res, "RateLimit-Policy"),
	   "\"source\";q=1000;w=1000, \"refused\";q=100;w=100", "the rules");
	OK(header(&res, "Retry-After") == NULL, "nobody was refused");
	seen = (struct rates_seen){0};
	res = (struct response){0};
	OK(!rates_look(r, &set, RATE_REFUSED, "x", &seen, &e) &&
		   e.kind == ERR_RATE,
	   "until it is empty");
	rates_tell(&seen, a, &res);
	IS(header(&res, "Retry-After"), "1", "then he is told when to come");
	IS(header(&res, "RateLimit"), "\"refused\";r=0;t=100", "and why");
}

/* What a request pays for the two buckets of its source and its caller. */
static void cost(struct rates *r)
{
	enum { MANY = 200000 };
	const struct rate_settings fast = {.source = 1000000,
					   .source_burst = 1000000,
					   .caller = 1000000,
					   .caller_burst = 1000000};
	int64_t began = clock_micros();

	for (unsigned i = 0; i < MANY; i++) {
		take(r, &fast, RATE_SOURCE, "192.0.2.1", 1);
		take(r, &fast, RATE_CALLER,
		     "uid=admin,ou=principals,dc=provost", 1);
	}
	printf("# %lld ns for two buckets\n",
	       (long long)(clock_micros() - began) * 1000 / MANY);
}

/* A million sources, each of which asks once. */
static void flood(struct rates *r)
{
	enum { MANY = 1000000 };
	size_t before = mallinfo2().uordblks;
	int64_t began = clock_micros();
	unsigned taken = 0;
	char whose[32];

	for (unsigned i = 0; i < MANY; i++) {
		struct rates_seen seen = {0};
		struct err e = {0};

		snprintf(whose, sizeof(whose), "10.%u.%u.%u", i >> 16 & 255,
			 i >> 8 & 255, i & 255);
		taken += rates_take(r, &set, RATE_SOURCE, whose, 1, &seen, &e);
	}
	printf("# %lld ns for each of many sources\n",
	       (long long)(clock_micros() - began) * 1000 / MANY);
	OK(taken == MANY, "all of them are let in");
	OK(mallinfo2().uordblks == before, "and take no memory");
	OK(about(take(r, &set, RATE_SOURCE, "192.0.2.9", 2000), 1000),
	   "who comes then has what he has");
}

int main(void)
{
	struct rates *r = rates_new();

	apart(r);
	told(r);
	flood(r);
	cost(r);
	rates_free(&r);
	OK(r == NULL, "freed");
	rates_free(&r);
	return tap_done();
}
