/*
 * trash - `provost trash`
 */
#ifndef CLI_TRASH_H
#define CLI_TRASH_H

#include "cli/command.h"

extern const struct command command_trash;

#endif
