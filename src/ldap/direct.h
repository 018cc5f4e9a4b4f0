/*
 * direct - searches that block, for a program that has nothing else to do
 *
 * No loop, no fiber, nothing is tried again.  Every wait has an end: a
 * directory that says nothing for DIRECT_SILENCE seconds is given up.
 */
#ifndef LDAP_DIRECT_H
#define LDAP_DIRECT_H

#include "ldap/settings.h"
#include "util/arena.h"
#include "util/err.h"
#include "util/field.h"

enum {
	DIRECT_SILENCE = 30,  /* seconds that one wait takes at most */
	DIRECT_TOTAL = 1800,  /* and one search, whatever arrives meanwhile */
	DIRECT_AT_ONCE = 128, /* questions on their way at a time */
};

struct direct;

struct berval;

struct direct_attribute {
	const char *name;
	struct text_list values;
	const struct berval *raw; /* the same with their lengths */
};

struct direct_entry {
	const char *dn;
	const struct direct_attribute *attributes;
	size_t count;
};

enum direct_scope { DIRECT_ENTRY, DIRECT_CHILDREN, DIRECT_ALL };

struct direct_search {
	const char *base;
	enum direct_scope scope;
	const char *filter;
	const char *const *want; /* attributes, ended by NULL */
	const char *as;          /* act as that DN; NULL: as who is bound */
	int limit;               /* entries; 0: all */
};

enum direct_as {
	DIRECT_BOUND,  /* by the settings' name, or by peer credentials */
	DIRECT_NOBODY, /* nobody has bound */
};

/* To the one server in set->uri.  ERR_UNAUTHENTICATED: it does not take the
 * password; NULL, with e set, on any failure. */
struct direct *direct_open(const struct ldap_settings *set, enum direct_as as,
			   struct err *e);
void direct_close(struct direct **d); /* accepts NULL */

/* Each entry as it comes; it lives in the arena, which ends with the call. */
typedef void direct_each(void *ctx, struct arena *a,
			 const struct direct_entry *en);

/* ERR_NOT_FOUND: there is no such base, or we may not see it.  Stopping at the
 * limit is no failure. */
bool direct_search(struct direct *d, const struct direct_search *s,
		   direct_each *each, void *ctx, struct err *e);

struct direct_answer {
	struct direct_entry *entries;
	size_t count;
	struct err err; /* ERR_NONE: it was answered */
};

/* At most DIRECT_AT_ONCE searches, all on their way together; answers[i] is
 * that of searches[i].  False if the connection is gone. */
bool direct_ask(struct direct *d, struct arena *a,
		const struct direct_search searches[], size_t count,
		struct direct_answer answers[], struct err *e);

/* NULL when the entry does not have it.  Case does not matter. */
const struct text_list *direct_values(const struct direct_entry *en,
				      const char *name);

/* The first value, or NULL. */
const char *direct_text(const struct direct_entry *en, const char *name);

#endif
