/*
 * measure - tells the meters what became of operations, and how long they took
 */
#ifndef LDAP_MEASURE_H
#define LDAP_MEASURE_H

#include "core/task.h"
#include "ldap/operation.h"
#include "util/err.h"

/* It was answered, or e says why not; began by clock_micros(). */
void measure_operation(const struct operation *op, bool answered,
		       const struct err *e, int64_t began);

/* It took that long for somebody: from `least` on, if that is not 0, the log
 * says so. */
void measure_slow(const struct operation *op, const struct task *t,
		  int64_t millis, int64_t least, const char *what);

#endif
