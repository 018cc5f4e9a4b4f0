/*
 * settings - what an operator may choose about the API
 */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

struct api_settings {
	const char *require_if_match; /* for writes to what is there: yes, no */
};

#endif
