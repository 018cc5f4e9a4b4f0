/*
 * settings - keys that sign mail: how they are kept and come and go
 */
#ifndef SIGNER_SETTINGS_H
#define SIGNER_SETTINGS_H

#include <stdint.h>

struct signer_settings {
	const char *seal_key_file; /* private keys are sealed; NULL: not */
	int64_t poll_seconds, wait_seconds; /* see core/dkim_ring.h */
	int64_t grace_days, rotate_days;

	const char *vault_listen;     /* where rspamd asks; NULL: nowhere */
	const char *vault_token_file; /* what it has to say */
	const char *password_file;    /* of cn=signer; NULL: our own directory's
				       */
	const char *token, *password; /* out of these */
};

#endif
