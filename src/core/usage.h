/*
 * usage - what mail servers tell of a user, and what they do not
 */
#ifndef CORE_USAGE_H
#define CORE_USAGE_H

#include "util/field.h"

/* Times in seconds since 1970; NUMBER_NONE is what was not told. */
struct usage {
	int64_t last_login;
	int64_t used_bytes, used_messages;
	int64_t measured; /* when these two were */
};

#define USAGE_NONE \
	((struct usage){NUMBER_NONE, NUMBER_NONE, NUMBER_NONE, NUMBER_NONE})

#endif
