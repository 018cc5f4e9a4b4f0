/*
 * alias - an address without a mailbox: its mail goes elsewhere
 *
 * "@example.org" is the catch-all of its domain: it takes what is addressed to
 * nobody else there.
 */
#ifndef CORE_ALIAS_H
#define CORE_ALIAS_H

#include "util/fault.h"

enum { ALIAS_DESTINATIONS_MAX = 1000 };

struct alias {
	const char *address; /* local@domain or @domain: the identity */
	struct text_list destinations; /* addresses, here or elsewhere */
	const char *description;
	bool enabled;
	const char *id, *created_at, *updated_at; /* the store's; read only */

	const char *local_part; /* what precedes '@'; NULL for a catch-all */
};

extern const struct alias alias_defaults;

void alias_fold(void *alias, struct arena *a);
void alias_check(const void *alias, struct arena *a, struct err *e);
void alias_complete(void *alias, struct arena *a);

/* Whether what was stored can be what was sent. */
bool alias_same(const void *stored, const void *sent);

#endif
