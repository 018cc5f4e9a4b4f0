/*
 * probe - tries to read what nobody, or not everybody, may read
 */
#ifndef DOCTOR_PROBE_H
#define DOCTOR_PROBE_H

#include "doctor/analysis.h"
#include "doctor/sight.h"

struct probe {
	struct sight *sight;
	const struct census *census;
	struct report *report;
	const char *base;
	const char *forms; /* expression for stored passwords */
	bool dovecot_reads_passwords;
	const struct analysis *analysis;
};

/* Each service, somebody who has not bound, and a user without any role. */
bool probe_access(const struct probe *p, struct err *e);

/* Where Dovecot reads stored passwords: whether each is of a form that every
 * reader verifies. */
bool probe_passwords(const struct probe *p, struct err *e);

#endif
