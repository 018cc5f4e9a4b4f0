/*
 * parts - a file cut between records into what a request may bring
 *
 * In CSV the row of names is repeated.  What a record says does not matter
 * here, only where it ends: CSV by its quotes, LDIF at a blank line, anything
 * else at the end of a line.
 */
#ifndef CLI_PARTS_H
#define CLI_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/convert.h"

enum { PART_BYTES = 512 * 1024 }; /* unless it is said */

struct parts {
	FILE *from;
	enum {
		PARTS_LINES,
		PARTS_CSV,
		PARTS_LDIF,
		PARTS_WHOLE,
		PARTS_CONVERTED /* what is read here */
	} how;
	struct convert *convert;
	size_t most; /* bytes of a part, and one record more */
	char *names; /* the row of names of CSV, or NULL */
	size_t names_size, names_lines;
	size_t lines; /* before the next part */
	char *line;   /* the last that was read */
	size_t room;
};

/* Write the next part to a file, which is empty; line: as the gateway is told.
 * False: there are no more. */
bool parts_next(struct parts *p, FILE *to, size_t *line);

/* Whether there is another. */
bool parts_more(struct parts *p);

void parts_end(struct parts *p);

#endif
