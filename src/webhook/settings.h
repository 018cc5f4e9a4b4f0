/*
 * settings - the options of webhooks
 */
#ifndef WEBHOOK_SETTINGS_H
#define WEBHOOK_SETTINGS_H

#include <stdint.h>

#include "util/network.h"

struct webhook_settings {
	const char *ca_file; /* PEM; NULL: the system's authorities */
	const char *allow_http;
	const char *allow_networks; /* that are not public; or NULL */
	struct network_list allowed;
	const char *key_file; /* secrets are sealed with; or NULL */
	int64_t timeout_seconds;
	int64_t retry_seconds; /* after the first failure */
	int64_t give_up_days;
	int64_t grace_hours; /* that an old secret signs */
};

#endif
