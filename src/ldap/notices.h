/*
 * notices - what the loops are told of changes to those who can log in
 *
 * One fiber of the process follows the directory's log (ldap/follow.h) and
 * posts here whom each write was about; every loop looks here before it relies
 * on a credential that it verified a moment ago.  The last writes are known,
 * and of older ones only that there were some.  All functions are for any
 * thread.
 */
#ifndef LDAP_NOTICES_H
#define LDAP_NOTICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NOTICES_KNOWN = 4096, /* the last writes */
	NOTICES_DEAF = 1000,  /* milliseconds without news from the log until
			       * nothing is remembered */
	NOTICES_SUBJECTS = 3, /* at most, that anything depends on */
};

struct notices;

struct notices *notices_new(void);
void notices_free(struct notices **n); /* accepts NULL */

enum notice_kind { NOTICE_LOGIN, NOTICE_DOMAIN, NOTICE_KEY };

/* What stands for a login, a domain or the id of a key; never 0. */
uint64_t notices_subject(const struct notices *n, enum notice_kind kind,
			 const char *name);

/* It was written; 0: nobody knows what was. */
void notices_post(struct notices *n, uint64_t subject);

/* Everything written before `now` (of clock_now()) was posted. */
void notices_heard(struct notices *n, int64_t now);
bool notices_are_heard(const struct notices *n, int64_t now);

/* How many were posted; then whether one of those since was about any of these
 * subjects, of which 0 is none, or may have been. */
uint64_t notices_count(const struct notices *n);
bool notices_concern(struct notices *n, uint64_t since,
		     const uint64_t subjects[NOTICES_SUBJECTS]);

/* Somebody relies on them until then: as long the log is followed closely. */
void notices_need(struct notices *n, int64_t until);
bool notices_are_needed(const struct notices *n, int64_t now);

#endif
