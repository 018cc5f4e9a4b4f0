/*
 * help - what --help says, out of the tables
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

/* Of one command or family, as it was called; NULL: of all of them. */
void help_print(const struct command *c, const char *called);

/* That for 'h', or the version for 'v', on standard output; ends the process.
 */
_Noreturn void help_and_end(const struct command *c, const char *called,
			    int which);

#endif
