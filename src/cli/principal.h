/*
 * principal - `provost principal`
 */
#ifndef CLI_PRINCIPAL_H
#define CLI_PRINCIPAL_H

#include "cli/command.h"

extern const struct command command_principal;

#endif
