/*
 * settings - where Postfix asks, and what it is told
 */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/err.h"

enum { POLICY_PLACES_MAX = 4 };

struct policy_settings {
	const char *listen;        /* places, with blanks between; NULL: none */
	const char *group;         /* who may connect to unix sockets */
	const char *quota_status;  /* Dovecot's; NULL: quotas are not asked */
	const char *overquota;     /* the action for a full mailbox */
	const char *overquota_if;  /* "all" or "any" of the mailboxes */
	const char *on_failure;    /* "DUNNO" or "DEFER_IF_PERMIT" */
	int64_t connections;       /* at a time, in all loops together */
	int64_t idle_seconds;      /* between requests */
	int64_t request_seconds;   /* from its first byte to the reply */
	int64_t quota_seconds;     /* of these, for quota-status */
	int64_t quota_connections; /* to quota-status, a loop */

	const char *identity, *password; /* who reads the directory for it */
};

/* False, with e set, unless the settings can work; the arena is for trying. */
bool policy_settings_check(struct arena *a, const struct policy_settings *set,
			   struct err *e);

#endif
