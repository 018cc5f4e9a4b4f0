/*
 * breached - whether a password is in a list of those that were stolen
 *
 * The list is a file of SHA-1 hashes in hexadecimal, one a line and sorted,
 * each perhaps with ":" and a number behind it, as Have I Been Pwned gives it
 * out.  It may have a billion lines: it is searched where it lies.
 */
#ifndef PASSWD_BREACHED_H
#define PASSWD_BREACHED_H

#include "util/err.h"

/* Whether the file can be read and looks like such a list. */
bool breached_check(const char *path, struct err *e);

/* Blocks for some reads of the disk: call it on a pool.  ERR_UNAVAILABLE when
 * the file cannot be read or is no such list. */
bool breached_look(const char *path, const char *clear, bool *ret,
		   struct err *e);

#endif
