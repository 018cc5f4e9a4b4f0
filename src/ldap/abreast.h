/*
 * abreast - several operations of one kind, a few of them at a time
 *
 * The directory is then never idle between an answer and the next question.
 */
#ifndef LDAP_ABREAST_H
#define LDAP_ABREAST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/err.h"

/* More is no faster, for slapd writes one at a time. */
enum { ABREAST = 4 };

/* What is done for the one with that number; it may park its fiber. */
typedef bool abreast_fn(void *ctx, size_t number, struct err *e);

/* For each number below `count`, in about that order; at_once: 1, or ABREAST.
 * When one has failed no other is begun.  False, with why the first failed,
 * after all that were begun have ended. */
bool abreast(abreast_fn *work, void *ctx, size_t count, unsigned at_once,
	     struct err *e);

#endif
