/*
 * export - `provost export`: all that the caller may list, for an import
 */
#ifndef CLI_EXPORT_H
#define CLI_EXPORT_H

#include "cli/command.h"

extern const struct command command_export;

#endif
