/*
 * checks - whether the gateway can do its work, and if not, why
 */
#ifndef API_CHECKS_H
#define API_CHECKS_H

#include <stdbool.h>

#include "core/gateway.h"

/* In the order of the meter's labels. */
enum check {
	CHECK_READ,
	CHECK_WRITE,
	CHECK_ASIDE,
	CHECK_ADDING,
	CHECK_LOGIN,
	CHECK_SCHEMA,
	CHECK_WRITER,
	CHECK_LEASE,
	CHECK_JOURNAL,
	CHECK_HASHING,
	CHECK_LOG,
	CHECK_COUNT,
};

struct check_result {
	const char *name;
	const char *wrong; /* in words that name nobody; NULL: it is well */
	bool required;     /* if it fails the gateway is not ready */
};

/* True if all that is required is well.  Nobody waits for the directory; the
 * meters are told. */
bool checks_run(const struct gateway *g, struct check_result ret[CHECK_COUNT]);

#endif
