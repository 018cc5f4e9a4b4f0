/*
 * result - what a result code of the directory means to us (RFC 4511 4.1.9)
 */
#ifndef LDAP_RESULT_H
#define LDAP_RESULT_H

#include "ldap/session.h"
#include "util/err.h"

/* Set e by the table, for something that reads; always false.  `what` says what
 * was attempted, without secrets. */
bool result_failed(struct err *e, int code, const char *what);

/* The same for an operation that was run: some codes mean something else for
 * one that writes. */
bool result_of(const struct operation *op, const char *what, struct err *e);

#endif
