/*
 * entry - the attributes of one entry, as they came over the wire
 */
#ifndef LDAP_ENTRY_H
#define LDAP_ENTRY_H

#include <ldap.h>

#include "util/arena.h"
#include "util/err.h"

struct attribute {
	const char *name;
	size_t name_size;
	struct berval *values; /* ended by a NULL bv_val */
};

struct entry {
	const struct attribute *attributes;
	size_t count;
};

/* Of a search result.  Everything is copied into the arena. */
bool entry_read(LDAP *ld, LDAPMessage *message, struct arena *a,
		struct entry *ret, struct err *e);

/* Of a response control's value: a SearchResultEntry (RFC 4527). */
bool entry_read_control(const struct berval *value, struct arena *a,
			struct entry *ret, struct err *e);

/* NULL when the entry does not have it.  Case does not matter. */
const struct berval *entry_values(const struct entry *en, const char *name);

/* Whether it is of that class, where its classes were asked for. */
bool entry_is_a(const struct entry *en, const char *class);

/* The first value, or NULL. */
const char *entry_text(const struct entry *en, const char *name);

#endif
