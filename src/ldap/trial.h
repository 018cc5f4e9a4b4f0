/*
 * trial - a password is tried: how often that may be, and how long it takes
 *
 * Whoever is refused learns nothing from it but that.  So the same is done for
 * every login that could be one: the directory is asked whether somebody may
 * log in with it, and one password is verified; where there is nobody, that of
 * an entry that nobody can be.  What is not tried at all takes as long as what
 * was tried lately, and every refusal is rounded up.
 */
#ifndef LDAP_TRIAL_H
#define LDAP_TRIAL_H

#include "core/guess.h"
#include "core/login.h"
#include "ldap/session.h"

enum { TRIALS_LATELY = 64 };

/* Of one loop. */
struct trials {
	struct session *own; /* the gateway's */
	const struct ldap_settings *set;
	struct guess *guess; /* of all loops; NULL: nothing is counted */
	const struct guess_settings *limits;
	bool decoy;     /* there is one */
	int64_t looked; /* for it; not before then again */
	struct {
		int64_t at, took;
	} lately[TRIALS_LATELY];
	unsigned next;
};

struct trial {
	struct attempt attempt;
	int64_t began;
	const char *dn; /* whose password is verified */
	bool decoy;     /* that is nobody: he is not let in, whatever it says */
};

/* False, with ERR_UNAUTHENTICATED, if it may not be tried: trial_refuse() has
 * waited already.  The name is one that somebody could have. */
bool trial_begin(struct trials *ts, const struct task *t,
		 const struct credential *c, const char *name,
		 struct trial *ret, struct err *e);

/* How it ended; a refusal waits. */
bool trial_end(struct trials *ts, const struct task *t, struct trial *tr,
	       bool good, struct err *e);

/* What is no login, or proves in another way and wrongly, counts for where it
 * comes from, and is refused like a password. */
void trial_missed(struct trials *ts, const struct task *t,
		  const struct credential *c);
bool trial_refuse(struct trials *ts, const struct task *t,
		  const struct credential *c, int64_t began, struct err *e);

/* For core/login.h. */
void trials_forgive(struct trials *ts, const struct task *t, const char *login);
bool trials_state(struct trials *ts, const struct task *t, const char *login,
		  struct login_state *ret, struct err *e);

#endif
