/*
 * field - describes one member of a struct, so that tables can name it
 *
 * FIELD() takes kind and offset from the member itself: a table row cannot
 * disagree with the struct it describes, and a member of a kind we cannot
 * carry does not compile.
 */
#ifndef UTIL_FIELD_H
#define UTIL_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_list {
	const char **items;
	size_t count;
};

/* A number that was not given; texts that were not given are NULL. */
#define NUMBER_NONE INT64_MIN

enum field_kind { FIELD_TEXT, FIELD_LIST, FIELD_NUMBER, FIELD_FLAG };

struct field {
	enum field_kind kind;
	size_t offset;
};

/* clang-format off */
#define FIELD(type, member) {                     \
	_Generic(((type *)0)->member,             \
		 const char *:     FIELD_TEXT,    \
		 struct text_list: FIELD_LIST,    \
		 int64_t:          FIELD_NUMBER,  \
		 bool:             FIELD_FLAG),   \
	offsetof(type, member) }
/* clang-format on */

static inline void *field_at(struct field f, void *record)
{
	return (char *)record + f.offset;
}

static inline const void *field_in(struct field f, const void *record)
{
	return (const char *)record + f.offset;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Release a handle when its scope ends: CLEANUP(file_close) int fd = ...; */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#endif
