/*
 * conf - the options of provostd: one table for file, command line and manual
 */
#ifndef CONF_H
#define CONF_H

#include <stdio.h>

#include "api/rates.h"
#include "api/settings.h"
#include "core/guess.h"
#include "core/publish.h"
#include "dict/settings.h"
#include "dns/settings.h"
#include "embedded/settings.h"
#include "http/settings.h"
#include "ldap/settings.h"
#include "oidc/settings.h"
#include "passwd/settings.h"
#include "policy/settings.h"
#include "signer/settings.h"
#include "util/arena.h"
#include "util/err.h"
#include "webhook/settings.h"

struct mail_settings {
	const char *recipient_delimiter;
	int64_t hold_days;  /* that removed addresses are kept from reuse */
	int64_t trash_days; /* that what was deleted can be restored */
};

struct audit_settings {
	int64_t keep_days; /* that changes are kept in our own directory's log
			    */
};

struct daemon_settings {
	int64_t loops;
	int64_t lease_seconds; /* until a silent gateway is taken for dead */
	const char *log_level;
};

struct metrics_settings {
	const char *listen; /* where no login is asked for; or NULL */
};

struct conf {
	struct http_settings http;
	struct rate_settings rate;
	struct api_settings api;
	struct ldap_settings ldap;
	struct request_settings idempotency;
	struct embedded_settings embedded;
	struct passwd_settings passwd;
	struct mail_settings mail;
	struct policy_settings policy;
	struct audit_settings audit;
	struct daemon_settings daemon;
	struct metrics_settings metrics;
	struct dict_settings dict;
	struct dns_settings dns;
	struct checkup_settings checks;
	struct oidc_settings oidc;
	struct guess_settings guess;
	struct signer_settings dkim;
	struct webhook_settings webhooks;
	const char *ldap_password_file, *policy_password_file;
	bool embed;                /* no directory was named: run our own */
	char delimiter;            /* that of mail, as a character */
	const char *state_default; /* depends on whether we are root */
};

/* What the command line asks for besides. */
enum conf_action {
	CONF_SERVE,
	CONF_CHECK,
	CONF_PRINT,
	CONF_HELP,
	CONF_VERSION
};

/* Defaults, then the file, then the command line.  Everything lives in the
 * arena. */
bool conf_load(struct arena *a, int argc, char **argv, struct conf *ret,
	       enum conf_action *action, struct err *e);

/* Take over from next what may change at run time; was is what now began as.
 * Returns the names of the other options that next has otherwise, or NULL. */
const char *conf_renew(struct arena *a, const struct conf *was,
		       struct conf *next, struct conf *now);

/* A file that says what conf says, with an explanation of each option. */
void conf_print(const struct conf *conf, FILE *to);

void conf_help(FILE *to);

#endif
