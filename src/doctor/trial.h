/*
 * trial - asks the directory what the mail servers ask, as they ask it, and
 * compares the answers with what the entries say
 */
#ifndef DOCTOR_TRIAL_H
#define DOCTOR_TRIAL_H

#include "doctor/analysis.h"
#include "doctor/sight.h"

struct trial {
	struct sight *sight;
	const struct census *census;
	const struct analysis *analysis;
	struct report *report;
	const char *base;
	int64_t sample; /* look up so many addresses at most; 0: all */
	struct examined *examined;
};

bool trial_run(const struct trial *t, struct err *e);

#endif
