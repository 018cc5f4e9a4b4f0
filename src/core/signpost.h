/*
 * signpost - what decides where mail for an address goes
 *
 * Of a domain, a user or an alias: what the mail servers read of its entry,
 * whether the gateway shows it or not.
 */
#ifndef CORE_SIGNPOST_H
#define CORE_SIGNPOST_H

#include "core/kind.h"

struct signpost {
	const char *key; /* an address, "@domain", or a domain's name */
	enum kind kind;
	bool enabled;
	const char *domain_kind, *target; /* domains: "local" and so on */
	struct text_list destinations;    /* aliases, and users who forward; in
					     the order mail servers see */
	int64_t quota_bytes;              /* users; NUMBER_NONE: none given */
	bool login_enabled, send_only;    /* users */
};

#endif
