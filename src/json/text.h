/*
 * text - JSON values as text and back
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <jansson.h>

#include "util/arena.h"
#include "util/err.h"

/* Let jansson wipe what it frees, passwords among it, and never lack memory:
 * an object that misses a member would be worse.  Call before anything else
 * uses it. */
void json_text_prepare(void);

/* An object within the limits of json/limits.h and without duplicate keys.
 * Released with the arena. */
bool json_text_parse(struct arena *a, const char *text, size_t size,
		     json_t **ret, struct err *e);

/* The same for an array. */
bool json_text_parse_array(struct arena *a, const char *text, size_t size,
			   json_t **ret, struct err *e);
/* The same with another number of elements at most. */
bool json_text_parse_within(struct arena *a, const char *text, size_t size,
			    unsigned elements, json_t **ret, struct err *e);

/* What we have written ourselves has no limits. */
bool json_text_parse_own(struct arena *a, const char *text, json_t **ret,
			 struct err *e);

/* Of json_dumps(); wiped.  Accepts NULL. */
void json_text_free(char *text);

/* Takes over value; the text lives in the arena. */
const char *json_text_print(struct arena *a, json_t *value, size_t style);

#endif
