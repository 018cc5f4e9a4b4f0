/*
 * audit_verify - whether the log of changes is what was sealed
 *
 * Reads all seals and the whole log, with the rights of whoever is bound; it
 * changes nothing.
 */
#ifndef LDAP_AUDIT_VERIFY_H
#define LDAP_AUDIT_VERIFY_H

#include "ldap/direct.h"

struct audit_verify {
	struct direct *directory;
	const char *base;
	int64_t keep_days;  /* records that old may be gone */
	int64_t anchor;     /* number of a seal that is known; 0: none */
	const char *digest; /* of that one */

	/* Each thing that is wrong. */
	void (*tell)(void *ctx, const char *what);
	void *ctx;
};

struct audit_verdict {
	int64_t seals, sealed; /* how many seals, and records in them */
	int64_t good;          /* records that are as they were sealed */
	int64_t expired;       /* that are older than what is kept */
	int64_t unsealed;      /* newer than the newest seal */
	int64_t before;        /* older than the first seal */
	int64_t wrong;         /* what was told */
	int64_t number;        /* of the newest seal */
	const char *digest;    /* of that one */
};

/* False, with e set, if it could not be examined. */
bool audit_verify(const struct audit_verify *how, struct arena *a,
		  struct audit_verdict *ret, struct err *e);

#endif
