/*
 * taglist - "v=DMARC1; p=none": the form of DKIM, DMARC, MTA-STS and TLS-RPT
 * records (RFC 6376 3.2)
 *
 * Read in one pass, whatever it is.
 */
#ifndef CORE_TAGLIST_H
#define CORE_TAGLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"

enum { TAGS_MAX = 32 };

struct taglist {
	struct {
		const char *name, *value;
	} items[TAGS_MAX];
	size_t count;
	const char *fault; /* NULL: it is well-formed */
};

/* Blanks around names and values are left out. */
void taglist_read(struct arena *a, const char *text, size_t size,
		  struct taglist *ret);

/* Names are compared as they are; NULL: there is no such tag. */
const char *taglist_value(const struct taglist *l, const char *name);

/* Whether a text begins with that version, such as "v=DMARC1", as a tag. */
bool taglist_is(const char *text, size_t size, const char *version);

/* Without the blanks in it, which base64 may have anywhere. */
const char *taglist_packed(struct arena *a, const char *value);

#endif
