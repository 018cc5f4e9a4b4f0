/*
 * dkim - `provost dkim`: keys that sign the mail of domains
 */
#ifndef CLI_DKIM_H
#define CLI_DKIM_H

#include "cli/command.h"

extern const struct command command_dkim;

#endif
