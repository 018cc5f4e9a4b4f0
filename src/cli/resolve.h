/*
 * resolve - where mail for an address goes: `provost resolve`
 */
#ifndef CLI_RESOLVE_H
#define CLI_RESOLVE_H

#include "cli/command.h"

extern const struct command command_resolve;

#endif
