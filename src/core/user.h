/*
 * user - somebody with a mailbox, who can log in with his address
 */
#ifndef CORE_USER_H
#define CORE_USER_H

#include "core/hasher.h"
#include "util/fault.h"

enum { USER_FORWARDS_MAX = 100, USER_SENDERS_MAX = 1000 };

struct user {
	const char *address; /* local@domain, lower case: the identity */
	const char *name;    /* in full; by default what precedes '@' */
	const char *given_name, *family_name; /* family: by default the name */
	int64_t quota_bytes; /* 0: none; NUMBER_NONE: the mail server's own */
	int64_t quota_messages;
	bool enabled;                 /* else mail is refused, and login */
	bool login_enabled;           /* else only login is refused */
	struct text_list forward_to;  /* addresses, here or elsewhere */
	bool keep_copy;               /* and his mailbox takes it, too */
	struct text_list send_as;     /* further addresses, or "@domain" */
	bool send_only;               /* takes no mail */
	const char *recovery_address; /* for those who have lost a password */
	const char *expires_at; /* RFC 3339: disabled from then on; or NULL */
	const char *state;      /* "enabled", "disabled" or "expired" */
	const char *id, *created_at, *updated_at; /* the store's; read only */

	/* What mail servers told of him; NULL and NUMBER_NONE: nothing. */
	int64_t quota_used_bytes, quota_used_messages;
	const char *quota_measured_at, *last_login_at;

	const char *clear;     /* a new password on its way in, else NULL */
	const char *ready;     /* a ready-made hash on its way in, else NULL */
	const char *generated; /* a password we made up, shown once */
	struct stored_password stored; /* of these; never read back */

	const char *local_part; /* what precedes '@' */
	const char *mailbox_id; /* names the mailbox on disk, given once */
	struct text_list destinations; /* forward_to, and he if keep_copy */
	bool in_force, wished;         /* as they are stored */
};

extern const struct user user_defaults;

void user_fold(void *user, struct arena *a);
void user_check(const void *user, struct arena *a, struct err *e);

/* Fill in what is stored, of what is shown; and what is shown. */
void user_complete(void *user, struct arena *a);
void user_derive(void *user, struct arena *a);

/* What he is known by, which is no password for him. */
struct text_list user_words(const struct user *u, struct arena *a);

/* Whether what was stored can be what was sent. */
bool user_same(const void *stored, const void *sent);

#endif
