/*
 * status - whether a gateway is ready, and who we are to it: `provost status`
 */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli/command.h"

extern const struct command command_status;

#endif
