/*
 * process - what this process takes of the machine
 */
#ifndef UTIL_PROCESS_H
#define UTIL_PROCESS_H

/* Tell the meters.  It reads a few small files of the kernel. */
void process_measure(void);

#endif
