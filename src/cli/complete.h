/*
 * complete - what may come next on a command line, for shells
 *
 * The files in src/cli/completion ask for it: `provost --complete WORD...`, of
 * which the last, perhaps empty, is to be completed.  A line is a candidate, a
 * tab and what it is; or `:files` or `:directories`.  No gateway is asked.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/command.h"

/* Words are ended by NULL. */
void complete_print(char *const *words);

#endif
