/*
 * settings - the directory server that we run ourselves
 */
#ifndef EMBEDDED_SETTINGS_H
#define EMBEDDED_SETTINGS_H

#include <stdint.h>

#include "util/arena.h"
#include "util/err.h"

struct embedded_settings {
	const char *state_dir;   /* where everything is kept */
	const char *user;        /* whom root becomes */
	const char *ldap_listen; /* ldap://ADDRESS:PORT, or NULL */
	const char *program;     /* slapd */
	const char *modules;     /* directory of slapd's modules */
	const char *schemas;     /* directory of slapd's own schema */
	const char *dovecot_reads_passwords; /* "yes" or "no" */

	/* What main() lends us from other layers. */
	const char *base;             /* DN everything is below */
	const char *password_forms;   /* expression for stored hashes */
	const char *password_accept;  /* further schemes, or NULL */
	const char *password_modules; /* lines that load what verifies them */
	int64_t audit_days;           /* that the log of changes is kept */
	bool (*hash)(struct arena *a, const char *clear, const char **ret,
		     struct err *e);
};

#endif
