/*
 * include - what is shown of a record beyond itself, where a request asks for
 * it: ?include=counts, ?include=aliases
 */
#ifndef API_INCLUDE_H
#define API_INCLUDE_H

#include "api/route.h"

/* A set of the words in the table. */
typedef unsigned include_set;

/* What the parameter asks for, a list with commas; nothing if it is not given.
 * ERR_MALFORMED for words that this kind of record has not. */
bool include_read(const struct call *call, size_t which, include_set *ret,
		  struct err *e);

/* Add it to the record that was just written. */
bool include_write(const struct call *call, include_set asked,
		   const void *record, struct writer *w, struct err *e);

#endif
