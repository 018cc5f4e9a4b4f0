/*
 * settings - which directory, and how to talk to it
 */
#ifndef LDAP_SETTINGS_H
#define LDAP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct ldap_settings {
	const char *uri;         /* ldapi://... or ldap://... (then StartTLS);
				  * behind blanks more: read-only replicas */
	const char *reading_uri; /* ldapi://... of the same directory, where it
				  * is read on behalf of others; NULL: uri */
	const char *adding_uri; /* the same, where entries are added for them */
	const char *base;       /* DN everything is below */
	const char *bind_dn;    /* NULL: by peer credentials (ldapi only) */
	const char *password;   /* of bind_dn */
	const char *ca_file;    /* PEM; NULL: CONNECT_AUTHORITIES */
	int64_t connections;    /* for operations, a loop */
	int64_t outstanding;    /* operations under way on each */
	int64_t logins;         /* connections for binding, a loop */
	int64_t logins_waiting; /* for one of these, a loop */
	int64_t read_seconds;   /* deadline of reading operations */
	int64_t write_seconds;  /* deadline of writing operations */
	int64_t slow_millis;    /* that are worth a line; 0: none are */
	int64_t remember_millis; /* how long verified credentials are known */
};

/* Requests that clients may send again. */
struct request_settings {
	int64_t keep_hours; /* that they are known, and what was answered */
	int64_t most;       /* of one caller, about */
};

#endif
