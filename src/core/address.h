/*
 * address - mail addresses and domain names we are willing to provision
 *
 * Narrower than RFC 5321: ASCII, lower case, no quoted local parts, no address
 * literals.  docs/directory.md gives the reasons.
 */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include "util/arena.h"
#include "util/err.h"

enum {
	ADDRESS_MAX = 254,      /* octets of local@domain, RFC 5321 4.5.3.1.3 */
	ADDRESS_LOCAL_MAX = 64, /* octets before '@', RFC 5321 4.5.3.1.1 */
	ADDRESS_DOMAIN_MAX = 253,

	/* What a directory on mdb can name an entry by; see address_cost(). */
	ADDRESS_STORED_MAX = 240,
	DOMAIN_STORED_MAX = 227,
};

enum address_use {
	ADDRESS_OWN,         /* of a mailbox: a-z 0-9 . _ - = before '@' */
	ADDRESS_ALIAS,       /* the same, or nothing: a catch-all */
	ADDRESS_DESTINATION, /* anywhere: an RFC 5321 dot-string before '@' */
};

/* All say in words what is wrong and leave the text alone; letters must be
 * lower case already, see text_lower(). */
bool address_check(const char *text, enum address_use use, struct err *e);
bool domain_name_check(const char *text, struct err *e);

/* What begins a tag, as in john+tag, from its text: "+", "~", "-", "=", "_", or
 * "off", which is '\0'. */
bool address_delimiter(const char *text, char *ret, struct err *e);

/* Whether that may be in a user's address before '@'. */
bool address_may_hold(char c);

/* Octets of a name in the directory, where "=" is written in three. */
size_t address_cost(const char *text);

/* What follows '@', inside the text; NULL if there is none. */
const char *address_domain(const char *text);

/* What precedes '@'; empty for a catch-all. */
const char *address_local(struct arena *a, const char *text);

#endif
