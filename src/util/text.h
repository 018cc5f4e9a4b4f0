/*
 * text - small things about strings
 */
#ifndef UTIL_TEXT_H
#define UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/field.h"

/* ASCII letters only: mail addresses and domain names are compared so. */
char *text_lower(struct arena *a, const char *s);

/* Both may be NULL; two NULLs are equal. */
bool text_equal(const char *a, const char *b);
bool text_list_equal(struct text_list a, struct text_list b);

/* True for well-formed UTF-8 (RFC 3629) without control characters: C0, DEL,
 * C1, and the line and paragraph separators U+2028 and U+2029. */
bool text_is_clean(const char *s);

/* Put a '?' for each byte that is no well-formed UTF-8, as where a text was
 * cut.  Control characters stay. */
void text_mend(char *s);

/* What tells one text from another, the same everywhere and always; not if
 * somebody wants two to look alike.  16 hexadecimal digits. */
const char *text_print(struct arena *a, const char *s);

/* A number in decimal digits, as "%lld" writes it but without its price; the
 * text ends where ret does, and begins where is returned. */
enum { TEXT_DECIMAL = 21 };
char *text_decimal(char ret[TEXT_DECIMAL], int64_t n);

/* The whole of s as a number from min to max, in decimal digits. */
bool text_number(const char *s, int64_t min, int64_t max, int64_t *ret);

/* The bytes of the mark that some programs write before UTF-8; 0: there is
 * none. */
size_t text_mark_size(const char *text, size_t size);

/* Replace every @NAME@ of the template; names and values come in pairs, ended
 * by NULL.  A placeholder without a value stays as it is. */
char *text_fill(struct arena *a, const char *template,
		const char *const pairs[]);

#endif
