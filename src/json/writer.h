/*
 * writer - JSON text, written straight away
 *
 * What is shown most often is not made into objects of jansson's first, which
 * cost more to build, to print and to wipe than everything else in reading a
 * record.  The result is byte for byte what jansson would print compactly.
 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"

/* Begin with {.arena = a}; the text lives there, ended by a NUL that does not
 * count in `used`. */
struct writer {
	struct arena *arena;
	char *text;
	size_t used, room;
};

/* Punctuation and keys; as it is. */
void writer_raw(struct writer *w, const char *s);

/* NULL, and what is not UTF-8, is null. */
void writer_text(struct writer *w, const char *s);
void writer_number(struct writer *w, int64_t n);
void writer_flag(struct writer *w, bool flag);

/* The object that was just ended takes more members after all. */
void writer_reopen(struct writer *w);

#endif
