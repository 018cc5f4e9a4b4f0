/*
 * principal - an administrator or a machine, who is no user of a mail domain
 *
 * A principal may be a super administrator, who may do everything, or a
 * reseller, who makes domains and principals of his own out of his budgets.
 */
#ifndef CORE_PRINCIPAL_H
#define CORE_PRINCIPAL_H

#include "core/hasher.h"
#include "util/fault.h"

enum {
	PRINCIPAL_LOGIN_MAX = 64,
	PRINCIPAL_CERTIFICATES_MAX = 100,
	CERTIFICATE_MAX = 1032, /* bytes */
};

/* How much of it there may be, or is; NUMBER_NONE: as much as is wanted. */
struct budget {
	int64_t domains, users, aliases, deputies, quota_bytes;
};

struct principal {
	const char *login;        /* lower case, without '@': the identity */
	const char *name;         /* in full; by default the login */
	const char *kind;         /* "person" or "machine" */
	bool enabled;             /* else he cannot log in */
	bool super_administrator; /* stored elsewhere, in a group */
	bool reseller;
	/* Of a reseller; NUMBER_NONE: no limit. */
	int64_t max_domains, max_users, max_aliases, max_deputies, quota_bytes;
	const char *sponsor; /* login of the reseller out of whose budgets he
				comes, or NULL */
	const char *recovery_address;
	struct text_list certificates; /* his clients may show these: SHA-256 in
					  hex, or "subject:" and a DN */
	const char *id, *created_at, *updated_at; /* the store's; read only */

	const char *clear, *ready, *generated; /* as of a user */
	struct stored_password stored;

	const char *family_name;      /* which the directory asks for */
	const char *sponsor_identity; /* what the store calls the sponsor */
};

extern const struct principal principal_defaults;

/* Whether it could be somebody's login. */
bool principal_login_check(const char *login, struct err *e);

void principal_fold(void *principal, struct arena *a);
void principal_check(const void *principal, struct arena *a, struct err *e);
void principal_complete(void *principal, struct arena *a);
void principal_derive(void *principal, struct arena *a);
bool principal_same(const void *stored, const void *sent);

/* What he may use up: nothing, if he is no reseller. */
struct budget principal_budget(const struct principal *p);

#endif
