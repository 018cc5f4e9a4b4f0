/*
 * filter - the only way to build a search filter, so that no value can become
 * part of its grammar (RFC 4515)
 */
#ifndef LDAP_FILTER_H
#define LDAP_FILTER_H

#include <stddef.h>

#include "util/arena.h"

/* attr=value, in parentheses. */
const char *filter_equal(struct arena *a, const char *attr, const char *value);

/* Any value of attr. */
const char *filter_present(struct arena *a, const char *attr);

/* attr>=value, attr<=value. */
const char *filter_from(struct arena *a, const char *attr, const char *value);
const char *filter_to(struct arena *a, const char *attr, const char *value);

/* attr=text*, attr=*text*; the text is not empty. */
const char *filter_begins(struct arena *a, const char *attr, const char *text);
const char *filter_contains(struct arena *a, const char *attr,
			    const char *text);

/* What that one does not fit. */
const char *filter_not(struct arena *a, const char *part);

/* A domain name somewhere below that one. */
const char *filter_below(struct arena *a, const char *attr, const char *domain);

/* An address in that domain. */
const char *filter_within(struct arena *a, const char *attr,
			  const char *domain);

/* Both parts, or any of them; at least one. */
const char *filter_and(struct arena *a, const char *one, const char *other);
const char *filter_any(struct arena *a, const char *const parts[],
		       size_t count);

/* All of them side by side: slapd takes no filter of more than 16 levels, and
 * drops the connection on which one comes. */
const char *filter_all(struct arena *a, const char *const parts[],
		       size_t count);

#endif
