/*
 * report - says what was found, as it is found
 *
 * A line of text for each finding, or one JSON object; nothing is gathered, so
 * that the memory does not grow with what is wrong.  Secrets never get here.
 */
#ifndef DOCTOR_REPORT_H
#define DOCTOR_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "doctor/finding.h"

/* What was looked at. */
struct examined {
	int64_t domains, users, aliases;
	int64_t probed;  /* users and aliases that were looked up ... */
	int64_t lookups; /* ... by so many lookups */
};

enum { UNSEEN_MAX = 32 };

struct report {
	FILE *to;
	bool json;
	const char *only; /* findings about this domain alone, or NULL */
	bool failed;      /* could not examine what matters */

	/* For report.c alone. */
	bool begun, any;
	int64_t counts[SEVERITY_ERROR + 1];
	const char *unseen[UNSEEN_MAX];
	unsigned unseen_count;
};

void report_begin(struct report *r, const char *uri, const char *base);

/* entry: an address, the name of a domain, or a DN. */
void report_find(struct report *r, enum finding f, const char *entry,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Something that could not be examined, and why; a constant, or a text that
 * outlives the report. */
void report_unseen(struct report *r, const char *why);

/* Ends the report; the exit status: 0 fine, 1 warnings, 2 errors, 3 could not
 * examine. */
int report_end(struct report *r, const struct examined *x);

#endif
