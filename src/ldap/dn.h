/*
 * dn - the only way to build a distinguished name: escaping cannot be forgotten
 */
#ifndef LDAP_DN_H
#define LDAP_DN_H

#include <stdbool.h>

#include "util/arena.h"

/* "attr=value" with the value escaped: the last part of a name. */
const char *dn_name(struct arena *a, const char *attr, const char *value);

/* The value in the last part of a name, not escaped; NULL: there is none. */
const char *dn_value(struct arena *a, const char *dn);

/* Whether two spellings of a name or value are the same: case does not matter,
 * nor how a character is escaped.  Blanks do: slapd sends none around commas.
 */
bool dn_equal(const char *a, const char *b);

/* Whether an entry is somewhere below another, as slapd spells both. */
bool dn_is_below(const char *dn, const char *above);

/* "attr=value,parent" with the value escaped (RFC 4514 section 2.4). */
const char *dn_child(struct arena *a, const char *attr, const char *value,
		     const char *parent);

/* Take the first part off a name: its attribute, and its value without escapes.
 * False at the end, or if it has not exactly one. */
bool dn_take(struct arena *a, const char **dn, const char **attr,
	     const char **value);

#endif
