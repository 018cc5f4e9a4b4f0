/*
 * sweep - the first keys behind a given one, out of any number of entries
 *
 * slapd cannot send entries in order, nor begin in the middle of them.  But an
 * index tells it which keys begin with some letters.  So keys are looked
 * through beginning by beginning, in order; where there are too many of one,
 * it is gone on with its next letters.  What is read for a page thus depends on
 * the page, and not on how many entries there are.
 */
#ifndef LDAP_SWEEP_H
#define LDAP_SWEEP_H

#include "ldap/list.h"
#include "ldap/store_parts.h"

/* Whether an entry is wanted, by its name as the directory sends it. */
typedef bool sweep_fn(const void *ctx, const struct berval *dn);

/* The record of an entry that has what is wanted, and its key; NULL: it has
 * none, or there is no room for more of them. */
typedef const void *sweep_make_fn(void *ctx, LDAP *ld, LDAPMessage *message,
				  const char **key);

struct sweep {
	const struct operation *op; /* where, which, and on whose behalf */
	const char *beside;         /* the same, beside how keys begin */
	const char *all;            /* what is wanted and what is not, the same;
				     * NULL: all is wanted */
	const char *attribute;      /* that the keys are in */
	const char *const *want;    /* what a record is made of, and... */
	sweep_make_fn *make;        /* ...how; NULL: keys alone are found */
	void *maker;
	sweep_fn *wants; /* or NULL */
	const void *ctx;
	struct list *list;
	const char *after;  /* keys up to that one are of no use, or NULL */
	size_t limit;       /* how many keys are wanted, about */
	bool dotless;       /* there may be keys without a dot */
	int64_t until;      /* when it is given up, by clock_now(), if
			     * something was found */
	const char *ceased; /* set when it was, behind `after`: nothing is known
			     * of the keys behind that one.  Else NULL */
};

/* Adds keys to the list, with their records where these are found on the way:
 * the others may come later.  Some are found even if `until` is over already,
 * so that of many sweeps for one page none is in vain; ERR_TIMEOUT: the request
 * had no time for that. */
bool sweep(struct ldap_store *s, const struct task *t, struct sweep *w,
	   struct err *e);

#endif
