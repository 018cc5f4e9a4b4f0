/*
 * changeset - `provost changeset`: several things, all or none
 */
#ifndef CLI_CHANGESET_H
#define CLI_CHANGESET_H

#include "cli/command.h"

extern const struct command command_changeset;

#endif
