/*
 * whose - whom an entry is about, as its name tells
 */
#ifndef LDAP_WHOSE_H
#define LDAP_WHOSE_H

#include <stdbool.h>

#include "util/arena.h"

/* In lower case; NULL: it is above that. */
struct whose {
	const char *domain; /* it is, or is in */
	const char *login;  /* a user's or principal's: he is, or has it */
	const char *key;    /* the id of his API key, which it is */
	bool further;       /* it is something else below one of these */
};

/* False if it is nothing in the subtrees of those who can log in. */
bool whose_is(struct arena *a, const char *base, const char *dn,
	      struct whose *ret);

#endif
