/*
 * key - `provost key`
 */
#ifndef CLI_KEY_H
#define CLI_KEY_H

#include "cli/command.h"

extern const struct command command_key;

#endif
