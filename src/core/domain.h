/*
 * domain - a mail domain: where mail for its addresses goes
 */
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include "util/fault.h"

struct domain {
	const char *name;   /* A-labels, lower case: the identity */
	const char *kind;   /* "local": its users have their mailboxes here;
			       "alias": it stands for another one, its target */
	const char *target; /* of an alias domain, else NULL */
	const char *description;
	const char *display_name, *short_display_name; /* for mail clients */
	const char *imap_host, *pop3_host, *smtp_host; /* NULL: the site's */
	int64_t default_user_quota_bytes; /* for new users; 0: no quota */
	bool enabled;
	const char *id, *created_at, *updated_at; /* the store's; read only */
};

extern const struct domain domain_defaults;

/* Fold letters where case does not matter. */
void domain_fold(void *domain, struct arena *a);

/* Note what can be wrong with a domain, wherever it comes from. */
void domain_check(const void *domain, struct arena *a, struct err *e);

/* Whether what was stored can be what was sent. */
bool domain_same(const void *stored, const void *sent);

#endif
