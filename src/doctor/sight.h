/*
 * sight - the doctor's connections to the directory, and as whom
 */
#ifndef DOCTOR_SIGHT_H
#define DOCTOR_SIGHT_H

#include "doctor/report.h"
#include "ldap/direct.h"

enum service {
	SERVICE_POSTFIX,
	SERVICE_DOVECOT,
	SERVICE_SIGNER,
	SERVICE_SSO,
	SERVICE_COUNT
};

struct sight_settings {
	const char *uri, *base, *ca_file;
	const char *passwords;     /* directory of the services' passwords */
	const char *administrator; /* login of a super administrator */
	const char *password_file; /* his; NULL: act for him as the gateway */
};

struct sight {
	struct direct *services[SERVICE_COUNT]; /* NULL: could not log in */
	struct direct *nobody;
	struct direct *gateway; /* or NULL */
	struct direct *all;     /* who sees domains and roles ... */
	const char *as;         /* ... acting as that DN, or NULL */
};

const char *service_name(enum service s);

/* "cn=postfix,ou=services,..." */
const char *service_dn(struct arena *a, const char *base, enum service s);

/* False, with e set, if what is in the directory cannot be seen at all; a
 * service that cannot log in is a finding. */
bool sight_open(struct sight *s, struct arena *a,
		const struct sight_settings *set, struct report *r,
		struct err *e);
void sight_close(struct sight *s);

#endif
