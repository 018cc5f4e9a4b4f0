/*
 * import - `provost import FILE`: what is in a file, part by part
 *
 * The import is named by what is in the file, so that the same command goes on
 * where an earlier one was cut off.
 */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "cli/command.h"

extern const struct command command_import;

#endif
