/*
 * settings - whom we ask about the DNS
 */
#ifndef DNS_SETTINGS_H
#define DNS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/err.h"

struct dns_settings {
	const char *resolvers;  /* addresses, or ADDRESS@PORT, with blanks
				   between; NULL: those of the system */
	const char *validating; /* "yes": they check DNSSEC, and the way there
				   is safe */
	int64_t queries;        /* under way, a loop */
};

/* False, with e set, unless the settings can work; the arena is for trying. */
bool dns_settings_check(struct arena *a, const struct dns_settings *set,
			struct err *e);

#endif
