/*
 * user - `provost user`: what is done to many users at once, over HTTP
 */
#ifndef CLI_USER_H
#define CLI_USER_H

#include "cli/command.h"

extern const struct command command_user;

#endif
