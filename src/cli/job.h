/*
 * job - `provost job`: what takes its time, and how far it is
 */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "cli/command.h"

extern const struct command command_job;

#endif
