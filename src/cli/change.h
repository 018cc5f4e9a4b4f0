/*
 * change - `provost change`: what becomes of records, as it happens
 */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "cli/command.h"

extern const struct command command_change;

#endif
