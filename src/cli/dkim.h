/*
 * dkim - `provost dkim sync`: the keys that sign, as files
 */
#ifndef CLI_DKIM_H
#define CLI_DKIM_H

#include "cli/command.h"

extern const struct command command_dkim;

#endif
