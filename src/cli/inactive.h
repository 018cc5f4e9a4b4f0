/*
 * inactive - users who have not logged in for long: `provost user inactive`
 */
#ifndef CLI_INACTIVE_H
#define CLI_INACTIVE_H

#include "cli/command.h"

extern const struct command inactive_command;

#endif
