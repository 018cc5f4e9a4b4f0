/*
 * base - the DN that everything is below
 */
#ifndef EMBEDDED_BASE_H
#define EMBEDDED_BASE_H

#include "util/arena.h"
#include "util/err.h"

/* "dc=provost", "o=mail,dc=example,dc=org": lower case, no blanks, of dc, o and
 * ou; access rules compare it byte by byte. */
bool base_check(const char *base, struct err *e);

/* The entry of that name itself, as LDIF. */
const char *base_entry(struct arena *a, const char *base);

#endif
