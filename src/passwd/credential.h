/*
 * credential - a password in the forms that some SASL mechanisms want
 *
 * SCRAM (RFC 5802, RFC 7677) and CRAM-MD5 (RFC 2195) prove a password without
 * sending it, and need more of it than a hash of crypt(5).  Dovecot reads these
 * forms; slapd does not know them.
 */
#ifndef PASSWD_CREDENTIAL_H
#define PASSWD_CREDENTIAL_H

#include <stdint.h>

#include "core/hasher.h"

/* Those of a list, "scram-sha-256", "scram-sha-1" and "cram-md5" with blanks or
 * commas between, as a set; NULL is an empty list. */
bool credential_parse(const char *list, uint32_t *ret, struct err *e);

/* Add to ret those of the set.  SCRAM takes milliseconds of a processor each:
 * call it on a pool. */
void credential_make(uint32_t set, struct arena *a, const char *clear,
		     struct stored_password *ret);

#endif
