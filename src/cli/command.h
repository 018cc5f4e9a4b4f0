/*
 * command - what `provost` can do: one row in the table of main.c each
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "util/field.h"

/* A FIELD_FLAG takes no value; of FIELD_NUMBER only 0 or more. */
struct command_option {
	const char *name; /* without the dashes */
	struct field field;
};

struct command {
	const char *name;
	const char *usage;                    /* its part of --help */
	const struct command_option *options; /* ended by a name of NULL */
	const void *defaults; /* a struct of that size, or NULL: all zero */
	size_t size;

	int misused; /* exit status after wrong options; 0: EXIT_FAILURE */

	/* Words are what is no option, ended by NULL.  Returns the exit
	 * status. */
	int (*run)(const void *options, char *const *words);
};

enum { COMMAND_OPTIONS_MAX = 32 };

/* Say on standard error what went wrong; returns EXIT_FAILURE. */
int command_complain(const char *why);

#endif
