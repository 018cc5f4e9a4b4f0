/*
 * log - one line an event, key=value, to standard error
 *
 *	log_event(LOG_INFO, "request", "status", "200", "path", path, NULL);
 *
 * Values with blanks, quotes or control characters are quoted and escaped, so
 * that no value can forge a line or move a terminal's cursor.  Secrets never
 * get here.  Safe from any thread.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <syslog.h>

/* Keys and values in pairs, all strings, ended by NULL; a pair whose value is
 * NULL is left out.  Lines longer than 2,000 bytes are cut off. */
void log_event(int level, const char *event, ...) __attribute__((sentinel));

/* What whoever runs it must be able to find, whatever is dropped; it is written
 * before this returns. */
void log_always(const char *event, ...) __attribute__((sentinel));

/* What this thread logs from here on is gathered, and written when it is
 * released, when it is much, or when it matters: notices and worse, and what
 * was gathered before them, at once.  A crash takes what is gathered with it.
 * Who is told something must not hear of it before it is in the log: release
 * first. */
void log_hold(void);
void log_release(void);

/* Events less important than this are dropped; LOG_INFO at first. */
void log_set_level(int level);

#endif
