/*
 * result - what a result code of the directory means to us (RFC 4511 4.1.9)
 */
#ifndef LDAP_RESULT_H
#define LDAP_RESULT_H

#include "util/err.h"

/* Set e by the table; always false.  `what` says what was attempted, without
 * secrets. */
bool result_failed(struct err *e, int code, const char *what);

#endif
