/*
 * analysis - what is wrong with a census, by itself
 */
#ifndef DOCTOR_ANALYSIS_H
#define DOCTOR_ANALYSIS_H

#include "doctor/census.h"
#include "doctor/report.h"

struct analysis {
	const struct census *census;
	struct report *report;
	const char *only; /* one domain; NULL: all */
	int64_t now;      /* seconds since 1970 */
	int64_t days;     /* what expires within so many is told */
};

void analyse_domains(const struct analysis *an);
void analyse_addresses(const struct analysis *an);

/* Aliases and forwards that lead back to themselves: each circle once. */
void analyse_loops(const struct analysis *an);

/* Whether findings about that domain are wanted; NULL: about no domain. */
bool analysis_wants(const struct analysis *an, const char *domain);

/* What expires, or has expired and is still in force. */
void analyse_expiry(const struct analysis *an, const char *entry, bool enabled,
		    int64_t expires);

/* "20260412103000Z" as seconds since 1970; 0 if it is no such time. */
int64_t analysis_time(const char *generalized);

#endif
