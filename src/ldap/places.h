/*
 * places - the domains that a caller may hear of, and since when each is that
 * domain: what was written before, in one of the same name, is not his
 */
#ifndef LDAP_PLACES_H
#define LDAP_PLACES_H

#include "core/scope.h"
#include "ldap/store_parts.h"

struct place {
	const char *name;  /* as seal_place() has it */
	const char *since; /* the beginning of an entryCSN, or "" */
};

struct places {
	struct arena *arena;
	struct place *items;
	size_t count;
	bool more;
	struct err err;
};

/* What a search as the caller finds; nothing where he must not look.
 * ERR_DENIED: there are too many. */
bool places_find(struct ldap_store *s, const struct task *t, const char *dn,
		 int scope, const char *filter, struct places *ret,
		 struct err *e);

/* Only those that the caller's key is for, and that were asked for; NULL: any.
 */
void places_keep(struct places *p, const struct scope *scope,
		 const char *domain);

/* Of a super administrator whose key is not for everything. */
void places_of_key(struct places *p, struct arena *a, const struct scope *scope,
		   const char *domain);

#endif
