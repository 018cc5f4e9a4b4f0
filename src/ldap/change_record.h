/*
 * change_record - an operation as an LDIF change record (RFC 2849)
 */
#ifndef LDAP_CHANGE_RECORD_H
#define LDAP_CHANGE_RECORD_H

#include "ldap/operation.h"
#include "util/arena.h"

/* Of an add, modify, delete or rename, with an empty line at its end.  In place
 * of secrets there are asterisks. */
const char *change_record(struct arena *a, const struct operation *op);

#endif
