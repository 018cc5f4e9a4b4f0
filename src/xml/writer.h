/*
 * writer - XML 1.0 as text, so that no value ever ends its element
 */
#ifndef XML_WRITER_H
#define XML_WRITER_H

#include <stddef.h>

#include "util/arena.h"

struct xml;

/* With question marks for what XML has no way to say, whatever the bytes: no
 * reader would take the rest. */
const char *xml_sayable(struct arena *a, const char *text);

/* A document; it lives as long as the arena. */
struct xml *xml_begin(struct arena *a);

/* Attributes are names and values in pairs, ended by NULL. */
void xml_open(struct xml *x, const char *element,
	      const char *const *attributes);
void xml_close(struct xml *x);

/* An element with nothing but text. */
void xml_leaf(struct xml *x, const char *element, const char *text);

/* The whole of it, with all that is open closed. */
const char *xml_end(struct xml *x, size_t *size);

#endif
