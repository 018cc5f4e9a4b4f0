/*
 * domain - a mail domain: where mail for its addresses goes
 */
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include "util/fault.h"

/* Names that each domain should have (RFC 2142), to be made with it. */
enum { DOMAIN_RESERVED = 2, DOMAIN_RESERVED_TO_MAX = 20 };
extern const char *const domain_reserved[DOMAIN_RESERVED];

struct domain {
	const char *name;       /* A-labels, lower case: the identity */
	const char *kind;       /* "local": its users have their mailboxes here;
				   "alias": it stands for another one, its target;
				   "relay": its mail is passed on, but for that of
				   the users it has here */
	const char *target;     /* of an alias domain, else NULL */
	const char *transport;  /* of a relay domain, as in transport(5) */
	bool verify_recipients; /* of a relay domain, by asking its server */
	const char *description;
	const char *display_name, *short_display_name; /* for mail clients */
	const char *imap_host, *pop3_host, *smtp_host; /* NULL: the site's */
	int64_t default_user_quota_bytes; /* for new users; 0: no quota */
	int64_t quota_bytes; /* of all its users; 0 and NUMBER_NONE: none */
	int64_t max_users, max_aliases; /* the same */
	bool enabled;                   /* the operator wants it in force */
	const char *state;              /* "enabled", "disabled" or "pending" */
	const char *sponsor;            /* login of the reseller out of whose
					   budgets it comes, or NULL */
	const char *id, *created_at, *updated_at; /* the store's; read only */

	const char *proved_at; /* when control of it was proved; or NULL */

	bool in_force, wished;        /* as they are stored */
	const char *sponsor_identity, /* what the store calls the sponsor */
		*owner_identity;      /* and its first owner, on the way in */
	const char *job;              /* what sees to the rest of its new name,
					 once that was begun; or NULL */
	struct text_list reserved_to; /* where mail for the reserved names
					 goes; on its way in */
};

extern const struct domain domain_defaults;

/* Fold letters where case does not matter. */
void domain_fold(void *domain, struct arena *a);

/* Note what can be wrong with a domain, wherever it comes from. */
void domain_check(const void *domain, struct arena *a, struct err *e);

void domain_complete(void *domain, struct arena *a);
void domain_derive(void *domain, struct arena *a);

/* Whether what was stored can be what was sent. */
bool domain_same(const void *stored, const void *sent);

#endif
