/*
 * settings - where Dovecot tells what users do, and how often it is written
 */
#ifndef DICT_SETTINGS_H
#define DICT_SETTINGS_H

#include <stdint.h>

struct dict_settings {
	const char *listen;    /* path of a socket; NULL: nowhere */
	const char *group;     /* who may connect; NULL: only our own user */
	int64_t connections;   /* at most */
	int64_t write_seconds; /* between writes of what was told */
	int64_t login_seconds; /* logins are rounded down to a multiple */
};

#endif
