/*
 * settings - whose tokens are taken, and what has to be in them
 */
#ifndef OIDC_SETTINGS_H
#define OIDC_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"

struct oidc_settings {
	const char *issuer;         /* NULL: no token is taken */
	const char *audience;       /* that stands for us */
	const char *keys;           /* https://... or the path of a file */
	const char *keys_ca_file;   /* PEM; NULL: those of the system */
	const char *algorithms;     /* names with blanks between */
	const char *claim;          /* which one is the login */
	const char *scope;          /* that a token must have, or NULL */
	const char *administrators; /* yes: super administrators, too */
	int64_t refresh_seconds;    /* keys older than that are fetched anew */
};

/* Whether they make sense; without an issuer nothing is asked of the others. */
bool oidc_settings_check(const struct oidc_settings *set, struct err *e);

#endif
