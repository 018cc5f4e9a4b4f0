/*
 * settings - how passwords are judged and stored
 */
#ifndef PASSWD_SETTINGS_H
#define PASSWD_SETTINGS_H

#include <stdint.h>

struct passwd_settings {
	const char *scheme;        /* of new hashes */
	const char *accept;        /* further ones of ready-made hashes */
	const char *credentials;   /* what is made beside a hash */
	const char *breached_file; /* sorted SHA-1 hashes, or NULL */
	int64_t min_length;        /* characters */
	int64_t min_bits; /* base-2 logarithm of the guesses it takes */
	int64_t workers, queue;
};

#endif
