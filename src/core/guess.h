/*
 * guess - how often passwords may be tried
 *
 * Counted by what an entry is and by where an attempt comes from, in tables
 * that cannot grow and that all loops of a process share:
 *
 * - After a few wrong passwords from one source for one login, the next is
 *   heard only after 1 s, 2 s, 4 s...
 * - A login has so many wrong ones an hour from all sources together, and a
 *   source so many for all logins.
 * - None of that holds for a source from which that login has lately succeeded:
 *   else anybody could lock anybody out.  It has a budget of its own; when that
 *   is used up, the password that was right last is heard all the same.
 * - The same wrong password once more is no other guess.  It counts for nothing
 *   but itself, and is heard ever more rarely: a client that goes on with an
 * old one harms nobody.
 *
 * What may be lost when a table is full is who has not tried for longest.  The
 * names that exist have tables of their own, so that made-up ones displace none
 * of them.  An attempt is counted when it begins and given back when it was
 * right, so that many at once are not more than one after the other.
 */
#ifndef CORE_GUESS_H
#define CORE_GUESS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"

struct guess_settings {
	int64_t failures;      /* of a source for a login, until it waits */
	int64_t delay_seconds; /* at most */
	int64_t login_hour;    /* failures of a login, of all strange sources */
	int64_t source_hour;   /* failures of a source, for all logins */
	int64_t known_hour;    /* failures of a known source for a login */
	int64_t lock_failures; /* that close a login to everybody; 0: never */
	int64_t lock_seconds;
};

struct guess;

/* Somebody's name for himself, and what he brings to prove it. */
struct attempt {
	struct arena *arena;
	const char *login;  /* in its one spelling, for the log */
	const char *entry;  /* the id of who has it; NULL: nobody may log in
			     * with it */
	const char *source; /* his address, in words */
	const char *secret;

	/* Of its own, from guess_begin() to guess_end(). */
	const char *key, *pair, *repeat; /* names in the tables */
	bool repeats, known;
};

enum guess_outcome {
	GUESS_RIGHT,
	GUESS_WRONG,
	GUESS_UNHEARD /* nobody could say */
};

/* What administrators are told; times by clock_now(), 0: none. */
struct guess_state {
	int64_t failures; /* of strange sources that still count */
	int64_t delayed;  /* strange sources wait until then */
	int64_t locked;   /* everybody does */
};

struct guess *guess_new(void);
void guess_free(struct guess **g); /* accepts NULL */

/* Whether the attempt may be made.  If so, guess_end() has to follow. */
bool guess_begin(struct guess *g, const struct guess_settings *set,
		 struct attempt *at, int64_t now);

/* True if that was one failure too many and the login should be locked, unless
 * it is one that never is. */
bool guess_end(struct guess *g, const struct guess_settings *set,
	       struct attempt *at, enum guess_outcome how, int64_t now);
void guess_lock(struct guess *g, const struct guess_settings *set,
		const struct attempt *at, int64_t now);

/* Something that names no login was wrong: it counts for its source, once. */
void guess_missed(struct guess *g, const struct guess_settings *set,
		  const struct attempt *at, int64_t now);

/* Whoever has that entry begins anew: somebody who may has given it another
 * password. */
void guess_forgive(struct guess *g, const char *entry, int64_t now);

struct guess_state guess_look(struct guess *g, const struct guess_settings *set,
			      const char *entry, int64_t now);

#endif
