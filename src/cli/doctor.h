/*
 * doctor - the command `provost doctor`: where everything is by default
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/command.h"

extern const struct command command_doctor;

#endif
