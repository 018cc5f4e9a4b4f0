/*
 * doctor - looks through a directory for what is wrong with it
 *
 * It writes nothing.  docs/doctor.md says what it looks for.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stdint.h>
#include <stdio.h>

#include "doctor/sight.h"

struct doctor_settings {
	struct sight_settings sight;
	const char *domain; /* findings about this one alone, or NULL */
	int64_t days;       /* what expires within so many is told */
	int64_t sample;     /* addresses that are looked up; 0: all */
	char delimiter;     /* of tags in addresses; 0: there are none */
	bool json;
	bool dovecot_reads_passwords;
	const char *forms;   /* expression for stored passwords */
	const char *config;  /* slapd.d, or NULL */
	const char *program; /* slapd, or NULL */
	const char *key_dir; /* where `provost dkim sync` writes, or NULL */
	const char *seal_key_file; /* with which keys are sealed, or NULL */
	const char *listens;       /* where slapd is to be reached, or NULL */
};

/* Returns the exit status: 0 fine, 1 warnings, 2 errors, 3 could not
 * examine. */
int doctor_run(const struct doctor_settings *set, FILE *to);

#endif
