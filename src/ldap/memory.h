/*
 * memory - which credentials were verified a moment ago
 *
 * Verifying a password costs slapd many milliseconds; a client that sends one
 * with every request would be slow.  So what was right stays right for a short
 * time.  Only a keyed hash is kept, under a key that lives as long as the
 * process; what was wrong is never remembered; the table has a fixed size.
 */
#ifndef LDAP_MEMORY_H
#define LDAP_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/digest.h"

struct memory;

struct memory *memory_open(void);
void memory_close(struct memory **m);

/* What stands for this password of this entry. */
void memory_digest(const struct memory *m, const char *dn, const char *password,
		   unsigned char ret[DIGEST_SIZE]);

/* Times are those of clock_now(); how many milliseconds it is still known, 0 if
 * it is not. */
int64_t memory_left(const struct memory *m,
		    const unsigned char digest[DIGEST_SIZE], int64_t now);
bool memory_knows(const struct memory *m,
		  const unsigned char digest[DIGEST_SIZE], int64_t now);
void memory_learn(struct memory *m, const unsigned char digest[DIGEST_SIZE],
		  int64_t until);

/* It is no longer right. */
void memory_forget(struct memory *m, const unsigned char digest[DIGEST_SIZE]);

#endif
