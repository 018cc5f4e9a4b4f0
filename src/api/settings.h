/*
 * settings - what an operator may choose about the API
 */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include "crypto/signed_data.h"

struct api_settings {
	const char *require_if_match; /* for writes to what is there: yes, no */
	/* The API of DinoMail: whether it is served, takes credentials out of
	 * the URL, and deletes whole lists; yes or no. */
	const char *dinomail, *dinomail_url_keys, *dinomail_whole_lists;
	/* PEM files of who signs profiles for Apple's devices; or NULL. */
	const char *profile_certificate, *profile_key;
	struct signed_data_signer signer; /* what is in them; or NULL */
};

#endif
