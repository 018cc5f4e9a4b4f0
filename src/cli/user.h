/*
 * user - `provost user`
 */
#ifndef CLI_USER_H
#define CLI_USER_H

#include "cli/command.h"

extern const struct command command_user;

#endif
