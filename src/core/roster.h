/*
 * roster - records by their numbers, for clients that know nothing else
 *
 * Such a client pages by offset and is told how many there are; of an alias it
 * sees a row for each destination, with a number of its own, and so it may of a
 * user who forwards.
 */
#ifndef CORE_ROSTER_H
#define CORE_ROSTER_H

#include "core/kind.h"

enum {
	ROSTER_LIMIT_MAX = 1000, /* rows at once */
	ROSTER_MAX = 200000,     /* rows that are looked through */
};

struct roster_query {
	enum kind kind;                 /* one of mail */
	const char *domain;             /* only of this domain; NULL: of all */
	const struct text_list *within; /* only of these; NULL: of all */
	const char *key;                /* only this record, or NULL */
	const char *destination;        /* only rows that lead there, or NULL */
	bool forwards; /* of users are rows, too, as those of aliases are */
	bool by_key;   /* sorted by that, not by number */
	bool backwards;
	size_t offset, limit; /* at most ROSTER_LIMIT_MAX */
};

struct roster_row {
	int64_t number;
	const char *key;
	const char *part;   /* the destination of an alias, else NULL */
	const void *record; /* as its kind has it; NULL for an alias */
};

struct roster {
	struct roster_row *rows;
	size_t count, total;
};

#endif
