/*
 * number - small integers for clients that cannot take an entryUUID as a name
 *
 * Given when first asked for, out of a counter that all gateways share and of
 * which each takes a block at a time.  A destination of an alias has one, too.
 */
#ifndef LDAP_NUMBER_H
#define LDAP_NUMBER_H

#include "ldap/entry.h"
#include "ldap/store_parts.h"

extern const char number_attribute[], number_rows[];

/* Operations of the store. */
bool number_of(struct store *port, const struct task *t, enum kind k,
	       const char *key, const char *part, int64_t asked, int64_t *ret,
	       struct err *e);
bool number_find(struct store *port, const struct task *t, enum kind k,
		 int64_t number, const char **key, const char **part,
		 struct err *e);

/* What may have rows: an alias, or a user, if he forwards. */
const char *number_rows_filter(struct arena *a);

/* What stands for the destinations of an alias: NUMBER_NONE for those that have
 * none yet. */
struct number_row {
	const char *part;
	int64_t number;
};
struct number_row *number_read_rows(struct arena *a, const struct entry *en,
				    size_t *count);

/* One domain takes the place of another, and its number. */
bool number_hand_over(struct ldap_store *s, const struct task *t,
		      const char *from, const char *to, struct err *e);

#endif
