/*
 * command - what `provost` can do: a tree of tables
 *
 * A command is one word, as `doctor`, or a family of them, as `user list`.  Its
 * options are rows, in groups that commands share.  Out of that come --help,
 * what shells complete, and what is read of the command line.
 *
 * To add one that speaks with a gateway: a `struct command` with the groups of
 * request.h; a row in main.c, or in the family's table; its page below
 * docs/man. If it is one request and what came of it, it ends in a REQUEST(),
 * and there is no code to write; see domain.c.  Otherwise it has .size of a
 * struct that begins with a struct request_options, .run opens a talk (talk.h)
 * and asks by that, and .asks says what.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "util/arena.h"
#include "util/field.h"

/* A FIELD_FLAG takes no value; of FIELD_NUMBER only 0 or more; a FIELD_LIST may
 * be given again. */
struct command_option {
	const char *name; /* without the dashes; NULL ends a table */
	struct field field;
	const char *value; /* what --help calls its value, or words it may be
			    * with | between; NULL: it takes none */
	const char *help;

	/* In place of the field: what to do with a value.  NULL is done, else
	 * in words what is wrong with it. */
	const char *(*take)(const struct command_option *o, struct arena *a,
			    const char *value, void *options);
	const char *key; /* for that */
};

/* A row: OPTION("days", FIELD(struct x, days), "N", "from 1 to 10"). */
#define OPTION(name, field, value, help)                   \
	{                                                  \
		(name), field, (value), (help), NULL, NULL \
	}
#define OPTIONS_END          \
	{                    \
		.name = NULL \
	}

struct command_group {
	const char *title; /* in --help; NULL: the command's own */
	const struct command_option *rows;
};

enum { COMMAND_GROUPS_MAX = 8, COMMAND_OPTIONS_MAX = 64 };

struct command {
	const char *name;
	const char *summary; /* a line, without a dot */
	const char *words; /* what is no option, as --help shows it, or NULL */
	const char *more;  /* further paragraphs of --help, or NULL */
	const char *choices; /* what the first word may be, with |, or NULL */

	const struct command *const *verbs; /* of a family, ended by NULL: then
					     * it has nothing of what follows */

	const struct command_group *groups[COMMAND_GROUPS_MAX];
	const void *defaults; /* the struct, whole, or NULL: all zero */
	size_t size;
	int misused; /* exit status after wrong options; 0: OUTCOME_MISUSED */

	/* Words are ended by NULL.  Returns the exit status. */
	int (*run)(const struct command *c, const void *options,
		   char *const *words);
	const void *subject; /* for that */
	const char *asks;    /* of the API, unless that tells: lines of what
			      * --requests prints behind the command */
};

/* All of them, ended by NULL; in main.c. */
extern const struct command *const commands[];

/* The member that has this name; NULL: there is none. */
const struct command_option *command_option(const struct command *c,
					    const char *name);

/* Say on standard error what went wrong; returns OUTCOME_FAILED. */
int command_complain(const char *why);

/* The same of what is wrong with the command line; returns OUTCOME_MISUSED. */
int command_misused(const char *why);

#endif
