/*
 * child - other programs that we start, without a shell
 *
 * A child is killed by the kernel when we die, however that happens.
 */
#ifndef EMBEDDED_CHILD_H
#define EMBEDDED_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

/* argv[0] is the program's path.  Call it on the main thread: the kernel
 * watches the thread that called.  -1, with e set, on failure. */
pid_t child_start(const char *const argv[], struct err *e);

/* Run to the end; an error unless it exits with 0 within so many seconds. */
bool child_run(const char *const argv[], int seconds, struct err *e);

/* True if it is gone within so many milliseconds. */
bool child_wait(pid_t pid, int64_t ms, int *status);

#endif
