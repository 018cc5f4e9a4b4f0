/*
 * input - the files that are brought in, as one text
 *
 * Several are one after the other, so that what is said in one of them is about
 * what is in another; lines are told by the file that they are in.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdio.h>

#include "import/reader.h"

struct input_file {
	const char *name;
	size_t lines; /* before it */
};

struct input {
	FILE *file;
	const char *text; /* all of it, where it lies */
	size_t size;
	struct input_file *files;
	size_t count;
};

/* False: told why. */
bool input_open(struct input *ret, struct arena *a, char *const *names);
void input_close(struct input *in);

/* The one that has that line, which is told as it is numbered there. */
const char *input_place(const struct input *in, size_t *line);

/* As it is called; or by the name of the first file, or by how it begins;
 * what nobody knows is left to the gateway. */
const char *input_format(const struct input *in, struct arena *a);

/* A file in memory: there are passwords in it.  NULL: told why. */
FILE *input_temporary(void);

#endif
