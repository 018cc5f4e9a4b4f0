#include <stdio.h>
#include <string.h>

#include "core/guess.h"
#include "tests/lib/tap.h"
#include "util/arena.h"

static const struct guess_settings usual = {.failures = 5,
					    .delay_seconds = 900,
					    .login_hour = 100,
					    .source_hour = 1000,
					    .known_hour = 100,
					    .lock_seconds = 600};
static const int64_t second = 1000, hour = 3600 * 1000, day = 24 * 3600 * 1000;

static struct attempt make(struct arena *a, const char *entry,
			   const char *source, const char *secret)
{
	return (struct attempt){.arena = a,
				.login = "john@example.org",
				.entry = entry,
				.source = source,
				.secret = secret};
}

/* Whether it was heard. */
static bool try_as(struct guess *g, const struct guess_settings *set,
		   const char *entry, const char *source, const char *secret,
		   enum guess_outcome how, int64_t now)
{
	struct arena *a = arena_new();
	struct attempt at = make(a, entry, source, secret);
	bool heard = guess_begin(g, set, &at, now);

	if (heard && guess_end(g, set, &at, how, now))
		guess_lock(g, set, &at, now);
	arena_free(a);
	return heard;
}

static bool wrong(struct guess *g, const char *source, unsigned n, int64_t now)
{
	char secret[32];

	snprintf(secret, sizeof(secret), "guess %u", n);
	return try_as(g, &usual, "john", source, secret, GUESS_WRONG, now);
}

static bool right(struct guess *g, const char *source, int64_t now)
{
	return try_as(g, &usual, "john", source, "secret", GUESS_RIGHT, now);
}

static void delays(void)
{
	struct guess *g = guess_new();
	int64_t now = 1, heard = 0, before = 1;
	unsigned n = 0;

	for (; n < 5; n++)
		OK(wrong(g, "192.0.2.1", n, now), "the first few are heard");
	for (int64_t wait = 1; wait < 900; wait *= 2) {
		OK(!wrong(g, "192.0.2.1", n, now + wait * second - 1) ||
			   wait == 1,
		   "then not before the time is over");
		OK(!right(g, "192.0.2.1", before + 1) || wait == 1,
		   "not the right one either");
		now += wait * second;
		before = now;
		OK(wrong(g, "192.0.2.1", ++n, now), "which doubles");
	}
	for (int64_t until = now + hour; now < until; now += second)
		heard += wrong(g, "192.0.2.1", ++n, now);
	OK(heard >= 3 && heard <= 4, "and never is more than so long");
	OK(right(g, "192.0.2.2", now), "from elsewhere all is well");
	OK(right(g, "192.0.2.1", now + 900 * second),
	   "and here after that time");
	for (unsigned i = 0; i < 20; i++)
		OK(wrong(g, "192.0.2.1", ++n, now + 901 * second),
		   "then one mistake costs nothing again");
	guess_free(&g);
}

static void many_at_once(void)
{
	struct guess *g = guess_new();
	struct arena *a = arena_new();
	struct attempt at[50];
	unsigned heard = 0;

	for (unsigned i = 0; i < 50; i++) {
		at[i] = make(a, "john", "192.0.2.1",
			     arena_printf(a, "guess %u", i));
		heard += guess_begin(g, &usual, &at[i], 1000);
	}
	NUMBER(heard, 5, "many at once are not more than one by one");
	for (unsigned i = 0; i < 5; i++)
		guess_end(g, &usual, &at[i], GUESS_UNHEARD, 1000);
	OK(right(g, "192.0.2.1", 1000), "what nobody heard does not count");
	heard = 0;
	for (unsigned i = 0; i < 50; i++) {
		at[i] = make(a, "mary", "192.0.2.1", "one password");
		heard += guess_begin(g, &usual, &at[i], 1000);
	}
	NUMBER(heard, 50, "many at once with one password are one guess");
	for (unsigned i = 0; i < 50; i++)
		guess_end(g, &usual, &at[i], GUESS_RIGHT, 1000);
	OK(try_as(g, &usual, "mary", "192.0.2.1", "other", GUESS_WRONG, 1000),
	   "and were none");
	arena_free(a);
	guess_free(&g);
}

/* A thousand sources, an hour, as fast as they can. */
static void from_everywhere(void)
{
	struct guess *g = guess_new();
	int64_t now = 50 * day;
	unsigned heard[3] = {0}, n = 0;
	char source[32];

	OK(right(g, "198.51.100.7", now - 13 * day), "he comes from there");
	for (int64_t t = 0; t < 3 * hour; t += 9 * second) {
		for (unsigned i = 0; i < 1000; i += 7) {
			snprintf(source, sizeof(source), "10.0.%u.%u",
				 (unsigned)(i + t / 9 / second) % 1000 / 250,
				 i % 250);
			heard[t / hour] += wrong(g, source, ++n, now + t);
		}
	}
	for (unsigned i = 0; i < 3; i++)
		OK(heard[i] >= 50 && heard[i] <= 100,
		   "a hundred guesses an hour, from wherever they come");
	now += 3 * hour;
	while (wrong(g, "10.9.9.9", ++n, now))
		;
	OK(!right(g, "203.0.113.1", now), "who was never there has to wait");
	OK(right(g, "198.51.100.7", now), "who was there lately has not");
	OK(try_as(g, &usual, "mary", "203.0.113.1", "hers", GUESS_RIGHT, now),
	   "nor has anybody else");
	const struct guess_state s = guess_look(g, &usual, "john", now);
	OK(s.failures >= 49 && s.delayed > now && s.delayed <= now + hour &&
		   s.locked == 0,
	   "it can be seen");
	guess_forgive(g, "john", now);
	OK(right(g, "203.0.113.1", now), "until somebody helps him");
	guess_free(&g);
}

static void spraying(void)
{
	struct guess *g = guess_new();
	unsigned heard = 0, misses = 0;
	char entry[32];

	OK(right(g, "192.0.2.1", 0), "one is known there");
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(entry, sizeof(entry), "user %u", i);
		heard += try_as(g, &usual, entry, "192.0.2.1", "Winter2026",
				GUESS_WRONG, i * hour / 5000);
	}
	OK(heard >= 900 && heard <= 1000, "a source has only so many for all");
	OK(right(g, "192.0.2.1", hour), "who is known there does not notice");
	OK(try_as(g, &usual, "user 1", "192.0.2.2", "x", GUESS_WRONG, hour),
	   "nor does who is elsewhere");
	for (unsigned i = 0; i < 1000; i++) {
		struct arena *a = arena_new();
		struct attempt at = make(a, NULL, "2001:db8::1",
					 arena_printf(a, "key %u", i));

		guess_missed(g, &usual, &at, 0);
		guess_missed(g, &usual, &at, 0);
		arena_free(a);
	}
	misses = try_as(g, &usual, "mary", "2001:db8::99", "x", GUESS_WRONG, 0);
	OK(!misses, "what is no login counts as well, for the whole network");
	OK(try_as(g, &usual, "mary", "2001:db8:0:1::1", "x", GUESS_WRONG, 0),
	   "and for no other");
	guess_free(&g);
}

/* A telephone that knows the old password, every second. */
static void repeats(void)
{
	struct guess *g = guess_new();
	unsigned heard = 0;

	for (int64_t t = 0; t < 1000; t++)
		heard += wrong(g, "192.0.2.1", 1, t);
	OK(heard > 5 && heard < 12, "what was wrong is not asked at will");
	for (unsigned n = 2; n < 6; n++)
		OK(wrong(g, "192.0.2.1", n, 1000 * second),
		   "it is no other guess");
	OK(try_as(g, &usual, "john", "192.0.2.1", "guess 1", GUESS_RIGHT,
		  2000 * second),
	   "and may become right");
	guess_free(&g);
}

/* Each is a bind and a record of it. */
static void repeats_for_an_hour(void)
{
	struct guess *g = guess_new();
	unsigned strange = 0, known = 0;

	right(g, "192.0.2.2", 0);
	for (int64_t t = 0; t < hour; t += 50) {
		strange += wrong(g, "192.0.2.1", 1, t);
		known += wrong(g, "192.0.2.2", 1, t);
	}
	OK(strange > 60 && strange < 80, "the same once more costs ever less");
	NUMBER(known, strange, "where he is known, too");
	OK(!try_as(g, &usual, "john", "192.0.2.1", "guess 1", GUESS_RIGHT,
		   hour),
	   "it waits");
	OK(right(g, "192.0.2.2", hour), "the right one does not");
	OK(wrong(g, "192.0.2.1", 2, hour), "nor does another guess");
	guess_forgive(g, "john", hour);
	OK(try_as(g, &usual, "john", "192.0.2.1", "guess 1", GUESS_RIGHT, hour),
	   "nor what has become his new password");
	guess_free(&g);
}

/* Somebody guesses where he sits, too. */
static void beside(void)
{
	struct guess *g = guess_new();
	unsigned heard = 0;

	right(g, "192.0.2.1", 0);
	for (unsigned n = 0; n < 7200; n++) {
		heard += wrong(g, "192.0.2.1", n, n * second / 2);
		if (n % 60 == 0)
			OK(right(g, "192.0.2.1", n * second / 2),
			   "who is known is heard while others guess");
	}
	OK(heard > 50 && heard <= 100, "beside him nobody guesses more");
	wrong(g, "192.0.2.1", 7200, hour);
	OK(!try_as(g, &usual, "john", "192.0.2.1", "new", GUESS_RIGHT, hour),
	   "only what was right lately is heard then");
	guess_forgive(g, "john", hour);
	OK(!wrong(g, "192.0.2.1", 1, hour) || true, "");
	OK(try_as(g, &usual, "john", "192.0.2.1", "new", GUESS_RIGHT, hour),
	   "until he is given a new one");
	right(g, "192.0.2.9", hour);
	heard = 0;
	for (unsigned n = 0; n < 50; n++)
		heard += wrong(g, "192.0.2.9", n, hour + 15 * day);
	NUMBER(heard, 5, "in two weeks a source is forgotten");
	guess_free(&g);
}

static void locks(void)
{
	struct guess_settings set = usual;
	struct guess *g = guess_new();
	char secret[32];

	set.lock_failures = 10;
	set.failures = 1000;
	try_as(g, &set, "john", "192.0.2.1", "secret", GUESS_RIGHT, 0);
	for (unsigned n = 0; n < 10; n++) {
		snprintf(secret, sizeof(secret), "guess %u", n);
		OK(try_as(g, &set, "john", "192.0.2.2", secret, GUESS_WRONG, 0),
		   "failures in a row");
	}
	OK(!try_as(g, &set, "john", "192.0.2.1", "secret", GUESS_RIGHT, 1),
	   "lock everybody out, if that is wanted");
	NUMBER(guess_look(g, &set, "john", 1).locked, 600 * second,
	       "it can be seen");
	guess_forgive(g, "john", 1);
	OK(try_as(g, &set, "john", "192.0.2.1", "secret", GUESS_RIGHT, 1),
	   "until he has a new password");
	for (unsigned n = 0; n < 30; n++) {
		snprintf(secret, sizeof(secret), "guess %u", n);
		try_as(g, &set, "john", "192.0.2.2", secret, GUESS_WRONG, 0);
		try_as(g, &set, "john", "192.0.2.1", "secret", GUESS_RIGHT, 0);
	}
	OK(try_as(g, &set, "john", "192.0.2.1", "secret", GUESS_RIGHT, 0),
	   "failures that are not in a row lock nobody out");
	guess_free(&g);
}

/* Names that do not exist make nobody's account forgotten. */
static void crowds(void)
{
	struct guess *g = guess_new();
	unsigned n = 0;

	for (; n < 200; n++) {
		char source[32];

		snprintf(source, sizeof(source), "10.0.0.%u", n);
		wrong(g, source, n, 0);
	}
	for (unsigned i = 0; i < 300000; i++) {
		struct arena *a = arena_new();
		struct attempt at = make(a, NULL, "10.1.1.1", "x");

		at.login = arena_printf(a, "nobody%u@example.org", i);
		at.source = arena_printf(a, "10.%u.%u.1", 1 + i / 256 % 256,
					 i % 256);
		if (guess_begin(g, &usual, &at, 1))
			guess_end(g, &usual, &at, GUESS_WRONG, 1);
		arena_free(a);
	}
	OK(!wrong(g, "192.0.2.1", ++n, 2), "a crowd of nobodies hides nothing");
	OK(wrong(g, "192.0.2.1", ++n, hour), "later it is over");
	guess_free(&g);
}

int main(void)
{
	delays();
	many_at_once();
	from_everywhere();
	spraying();
	repeats();
	repeats_for_an_hour();
	beside();
	locks();
	crowds();
	return tap_done();
}
