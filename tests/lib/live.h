/*
 * live - a loop with what the gateway works with: a real directory
 *
 * For tests that are programs of their own.
 */
#ifndef TESTS_LIVE_H
#define TESTS_LIVE_H

#include "core/gateway.h"
#include "ldap/settings.h"

struct live {
	struct arena *arena;
	struct ldap_settings set; /* uri and base are the caller's */
	struct gateway gateway;   /* without a hasher */
	int (*work)(struct live *live);
	void *ctx; /* the caller's */
	struct live_parts *parts;
};

/* Connect, call work() on a fiber, and end; its result, or 1 when the directory
 * could not be reached. */
int live_run(struct live *live);

/* Whom the directory knows by that name. */
struct caller live_caller(const struct live *live, const char *name);

#endif
