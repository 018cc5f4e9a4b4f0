/*
 * options - a command line, read by a command's tables
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/command.h"

/* The options into the struct; `words` is what is left.  False: a line on
 * standard error says what is wrong.  --help and --version end the process. */
bool options_read(const struct command *c, const char *called, struct arena *a,
		  int argc, char **argv, void *to, char ***words);

#endif
