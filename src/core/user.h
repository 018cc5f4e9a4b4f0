/*
 * user - somebody with a mailbox, who can log in with his address
 */
#ifndef CORE_USER_H
#define CORE_USER_H

#include "util/fault.h"

struct user {
	const char *address; /* local@domain, lower case: the identity */
	const char *name;    /* in full; by default what precedes '@' */
	const char *given_name, *family_name; /* family: by default the name */
	int64_t quota_bytes; /* 0: none; NUMBER_NONE: the mail server's own */
	bool enabled;        /* else mail is refused, and login */
	bool login_enabled;  /* else only login is refused */
	const char *id, *created_at, *updated_at; /* the store's; read only */

	const char *clear;     /* a new password on its way in, else NULL */
	const char *ready;     /* a ready-made hash on its way in, else NULL */
	const char *generated; /* a password we made up, shown once */
	const char *password;  /* the hash to store; never read back */

	const char *local_part; /* what precedes '@' */
	const char *mailbox_id; /* names the mailbox on disk, given once */
};

extern const struct user user_defaults;

void user_fold(void *user, struct arena *a);
void user_check(const void *user, struct arena *a, struct err *e);

/* Fill in what follows from the rest. */
void user_complete(void *user, struct arena *a);

/* Whether what was stored can be what was sent. */
bool user_same(const void *stored, const void *sent);

#endif
