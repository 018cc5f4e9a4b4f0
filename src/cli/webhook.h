/*
 * webhook - `provost webhook`: where changes are posted to
 */
#ifndef CLI_WEBHOOK_H
#define CLI_WEBHOOK_H

#include "cli/command.h"

extern const struct command command_webhook;

#endif
