/*
 * alias - an address without a mailbox: its mail goes elsewhere
 *
 * "@example.org" is the catch-all of its domain: it takes what is addressed to
 * nobody else there.
 */
#ifndef CORE_ALIAS_H
#define CORE_ALIAS_H

#include "util/fault.h"

enum { ALIAS_DESTINATIONS_MAX = 10000 };

struct alias {
	const char *address; /* local@domain or @domain: the identity */
	struct text_list destinations; /* addresses, here or elsewhere */
	const char *description;
	bool enabled;           /* the operator wants it in force */
	bool send_as_allowed;   /* its destinations may send as it */
	const char *expires_at; /* RFC 3339: disabled from then on; or NULL */
	const char *state;      /* "enabled", "disabled" or "expired" */
	bool exterior;          /* a destination is in none of our domains */
	bool ok; /* no destination is one of ours that is not there */
	const char *id, *created_at, *updated_at; /* the store's; read only */

	const char *local_part; /* what precedes '@'; NULL for a catch-all */
	bool in_force, wished;  /* as they are stored */
};

extern const struct alias alias_defaults;

void alias_fold(void *alias, struct arena *a);
void alias_check(const void *alias, struct arena *a, struct err *e);
void alias_complete(void *alias, struct arena *a);
void alias_derive(void *alias, struct arena *a);

/* Whether what was stored can be what was sent. */
bool alias_same(const void *stored, const void *sent);

#endif
