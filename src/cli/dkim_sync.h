/*
 * dkim_sync - `provost dkim sync`: the keys that sign, as files
 */
#ifndef CLI_DKIM_SYNC_H
#define CLI_DKIM_SYNC_H

#include "cli/command.h"

extern const struct command dkim_sync_command;

#endif
