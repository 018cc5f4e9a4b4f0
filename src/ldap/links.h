/*
 * links - where entries name addresses, and how to change that
 */
#ifndef LDAP_LINKS_H
#define LDAP_LINKS_H

#include "ldap/entry.h"
#include "util/field.h"

/* Which attributes are looked at. */
enum links_from {
	LINKS_ALL,
	LINKS_RIGHTS, /* senders and roles, not destinations */
	LINKS_ROLES,
};

/* Names to look for, and what to put in their place. */
struct links {
	const char *base;
	const struct text_list *names; /* addresses */
	const char *to;                /* an address, or "@domain" for the same
					  local part there; or NULL */
	enum links_from from;
};

/* Finds entries that name one of them. */
const char *links_filter(const struct links *l, struct arena *a);

/* The attributes that may, ended by NULL. */
const char *const *links_wanted(void);

/* What to modify in an entry that was found; NULL if nothing is left to do.
 * `nowhere`: it is an alias, and nothing would remain. */
LDAPMod **links_change(const struct links *l, struct arena *a,
		       const struct entry *en, bool *nowhere);

/* Whether an entry that was found leads there, and whether it gives rights. */
void links_kinds(const struct links *l, struct arena *a, const struct entry *en,
		 bool *leads, bool *gives);

#endif
