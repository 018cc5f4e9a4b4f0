/*
 * memory - which credentials were verified a moment ago
 *
 * Verifying a password costs slapd many milliseconds; a client that sends one
 * with every request would be slow.  So what was right stays right for a short
 * time, unless the directory's log tells of a change to whom it is about: see
 * ldap/notices.h.  Only a keyed hash is kept, under a key that lives as long
 * as the process; what was wrong is never remembered; the table has a fixed
 * size.
 */
#ifndef LDAP_MEMORY_H
#define LDAP_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/digest.h"
#include "ldap/notices.h"

enum {
	MEMORY_NOTE_MAX = 4096,     /* bytes of one note */
	MEMORY_NOTES_MAX = 4 << 20, /* and of all together */
};

struct memory;

/* One of each loop's; NULL for notices: nothing is remembered. */
struct memory *memory_open(struct notices *n);
void memory_close(struct memory **m);

/* What stands for this secret of this name. */
void memory_digest(const struct memory *m, const char *name, const char *secret,
		   unsigned char ret[DIGEST_SIZE]);

/* Whose credential it is.  Begin with it before it is verified: what is posted
 * from there on counts. */
struct memory_about {
	uint64_t subjects[NOTICES_SUBJECTS];
	uint64_t since;
};
struct memory_about memory_begin(const struct memory *m);

/* Who is changed; before or after the verification. */
void memory_concerns(const struct memory *m, struct memory_about *about,
		     const char *login, const char *key);

/* Times are those of clock_now(); how many milliseconds it is still known, 0 if
 * it is not.  Then also the note, which lives until the next call; or NULL. */
int64_t memory_left(struct memory *m, const unsigned char digest[DIGEST_SIZE],
		    int64_t now, const char **note);

/* Nothing is kept if there was a notice about it meanwhile, nor with a note
 * that is too long. */
void memory_learn(struct memory *m, const unsigned char digest[DIGEST_SIZE],
		  const struct memory_about *about, int64_t until,
		  const char *note);

/* Whether nothing was posted about it since; then that is looked at no more. */
bool memory_stands(const struct memory *m, struct memory_about *about);

/* It is no longer right. */
void memory_forget(struct memory *m, const unsigned char digest[DIGEST_SIZE]);

#endif
