/*
 * domain - `provost domain`
 */
#ifndef CLI_DOMAIN_H
#define CLI_DOMAIN_H

#include "cli/command.h"

extern const struct command command_domain;

#endif
