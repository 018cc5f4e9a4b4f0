/*
 * reader - what elements of a small XML document say, whoever wrote it
 *
 * A document type is refused where it begins: there are no entities but those
 * that XML has by itself, and nothing is ever fetched.
 */
#ifndef XML_READER_H
#define XML_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/err.h"

enum {
	XML_SIZE_MAX = 16384, /* bytes of a document */
	XML_DEPTH_MAX = 16,   /* elements within each other */
};

struct xml_wanted {
	const char *element; /* its name, in whatever namespace */
	const char *text;    /* what is in the first of them, without the blanks
			      * around it; NULL: there is none */
};

/* Fills in the texts.  ERR_MALFORMED or ERR_TOO_LARGE for what is not
 * well-formed, or more than that. */
bool xml_read(struct arena *a, const char *text, size_t size,
	      struct xml_wanted *wanted, size_t count, struct err *e);

#endif
