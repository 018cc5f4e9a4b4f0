/*
 * config - ready configuration for the programs that read the directory
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli/command.h"
#include "util/err.h"

/* Everything has a default, except where the directory listens when our own
 * serves no port. */
struct config_options {
	const char *state_dir, *base, *ldap_uri, *password_file;
	const char *hostname, *mail_dir, *mail_uid, *mail_gid;
	const char *passdb;       /* "bind" or "lookup" */
	const char *master_users; /* passwd-file; NULL: there are none */
	const char *dovecot_reads_passwords; /* "yes" or "no" */
	const char *dovecot_version;         /* "2.3" or "2.4" */
	const char *dovecot_password_file;
	const char *delimiter;      /* of tags: one character, or "off" */
	const char *tagged_senders; /* "yes" or "no" */
	const char *delivery;       /* transport that leads to Dovecot */
	const char *dict;           /* socket; NULL: Dovecot tells no usage */
	const char *policy; /* where provostd serves it; NULL: it does not */
	const char *credentials;   /* what Dovecot offers besides; or NULL */
	const char *passwd_accept; /* further schemes, as of provostd */
};

/* Write the files for that program ("postfix", "dovecot", "opendkim",
 * "docker-mailserver" or "slapd") to dir, which is made if it is not there.
 * Those with a password are readable by their owner and group only. */
bool config_write(const char *program, const char *dir,
		  const struct config_options *o, struct err *e);

extern const struct command command_config;

#endif
