/*
 * role - `provost role`
 */
#ifndef CLI_ROLE_H
#define CLI_ROLE_H

#include "cli/command.h"

extern const struct command command_role;

#endif
