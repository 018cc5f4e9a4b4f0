/*
 * walk - reads the directory into a census, and looks at what is beside it
 */
#ifndef DOCTOR_WALK_H
#define DOCTOR_WALK_H

#include "doctor/analysis.h"
#include "doctor/sight.h"

struct walk {
	struct sight *sight;
	struct census *census;
	const struct analysis *analysis;
	struct report *report;
	const char *base;
};

/* Domains, users and aliases, in one search. */
bool walk_domains(struct walk *w, struct err *e);

/* Groups, and whether whoever has a role is there and may log in. */
bool walk_roles(struct walk *w, struct err *e);

/* Principals, as far as they expire. */
bool walk_principals(struct walk *w, struct err *e);

/* Plans, tallies and addresses kept from reuse; only the gateway sees them. */
bool walk_journal(struct walk *w, struct err *e);

#endif
