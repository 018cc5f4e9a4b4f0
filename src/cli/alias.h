/*
 * alias - `provost alias`
 */
#ifndef CLI_ALIAS_H
#define CLI_ALIAS_H

#include "cli/command.h"

extern const struct command command_alias;

#endif
