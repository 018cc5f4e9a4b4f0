/*
 * change - what became of something that somebody may follow: a domain, user,
 * alias, principal or DKIM key, or who has rights
 *
 * Changes come out of the directory's own log, whoever made them and by
 * whatever way, in the one order in which the directory made them.  Each has a
 * place in that order, which is the same on every gateway of the directory.
 */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include "core/audit.h"

/* What it is about. */
enum subject {
	SUBJECT_USER,
	SUBJECT_ALIAS,
	SUBJECT_ADDRESS, /* a user or alias, nobody knows any more which */
	SUBJECT_DOMAIN,
	SUBJECT_PRINCIPAL,
	SUBJECT_ADMINISTRATORS, /* the roles of a domain, or, without a key,
				 * who is a super administrator */
	SUBJECT_DKIM_KEY,       /* by its selector, in a domain */
	SUBJECT_COUNT,
};

/* "user", "alias", ... */
extern const char *const subject_names[SUBJECT_COUNT];

enum change_what {
	CHANGE_CREATED,
	CHANGE_CHANGED,
	CHANGE_RENAMED,
	CHANGE_DELETED,
	CHANGE_WHATS,
};

/* "created", "changed", ... */
extern const char *const change_whats[CHANGE_WHATS];

/* Where something is. */
struct spot {
	const char *key;    /* address, name, login or selector; NULL: see
			     * above */
	const char *domain; /* that it is or is in; or NULL */
};

struct change {
	const char *place; /* in the order; what follows is behind it */
	enum subject subject;
	enum change_what what;
	struct spot at;
	struct spot to;    /* CHANGE_RENAMED; else empty */
	const char *entry; /* what the store tells it by, or NULL */
	const struct audit_record *record; /* who, when, and which members */

	/* Whose rights it gave and took; identities, as the store has them. */
	struct text_list gained, lost;
};

#endif
