/*
 * convert - files that are read whole, as lines that can be sent in parts
 *
 * What belongs together may be anywhere in a dump, so it is the client that
 * reads it, and what is sent is a record a line.
 */
#ifndef CLI_CONVERT_H
#define CLI_CONVERT_H

#include <stdio.h>

#include "import/reader.h"

struct convert {
	struct reader reader;
	char *line; /* the next, or NULL */
	bool ended;
	size_t ignored, failed;

	/* Of a record that is not sent, and why. */
	void (*tell)(void *ctx, const struct import_record *r,
		     const struct err *e);
	void *ctx;
};

/* The text stays where it is until the end. */
bool convert_open(struct convert *c, const struct reader_format *f,
		  const struct reader_input *in, struct err *e);

/* Whether there is another. */
bool convert_more(struct convert *c);

/* How large it was; 0 at the end. */
size_t convert_write(struct convert *c, FILE *to);

void convert_end(struct convert *c);

#endif
