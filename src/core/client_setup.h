/*
 * client_setup - what mail clients need to know of a domain, and what other
 * mail servers do
 *
 * Both are told to everybody, and of domains that are in force only.  No
 * address is ever looked up for it.
 */
#ifndef CORE_CLIENT_SETUP_H
#define CORE_CLIENT_SETUP_H

#include "core/domain.h"
#include "core/gateway.h"

/* One server, and one way to it. */
struct mail_service {
	const char *protocol; /* "imap", "pop3" or "smtp" */
	const char *host;
	unsigned port;
	bool starttls; /* else TLS from the first byte on (RFC 8314) */
};

enum { MAIL_SERVICES_MAX = 8 };

struct client_setup {
	const char *domain;
	const char *name, *short_name; /* for people; the domain's name where
					* it has none */
	struct mail_service services[MAIL_SERVICES_MAX]; /* the best of each
							  * protocol first */
	size_t count;
};

/* What a record says, and the site where it says nothing. */
void client_setup_of(struct arena *a, const struct checkup_settings *site,
		     const struct domain *d, struct client_setup *ret);

/* With the gateway's own rights, for anybody.  ERR_NOT_FOUND if no such domain
 * is in force, or if its mailboxes are elsewhere. */
bool client_setup_public(const struct gateway *g, const struct task *t,
			 const char *domain, struct client_setup *ret,
			 struct err *e);

/* As far as the caller sees the domain, in force or not. */
bool client_setup_read(const struct gateway *g, const struct task *t,
		       const char *domain, struct client_setup *ret,
		       struct err *e);

/* The policy of MTA-STS, in the same way for anybody. */
bool client_setup_policy(const struct gateway *g, const struct task *t,
			 const char *domain, const char **ret, struct err *e);

#endif
