/*
 * admission - which buckets a request asks, when, and what it costs there
 *
 * Whose bucket is empty gets 429 and costs us nothing more: where he is is
 * asked before his credentials are verified.  What turns out to be dear is
 * charged when that is known; the next request waits for it.
 */
#ifndef API_ADMISSION_H
#define API_ADMISSION_H

#include "api/route.h"

/* Before anything else is looked at. */
bool admission_arrive(struct call *call, struct err *e);

/* Before credentials are verified. */
bool admission_prove(struct call *call, struct err *e);

/* Who needs no login, and has the directory asked all the same. */
bool admission_visit(struct call *call, struct err *e);

/* When it is known who asks. */
bool admission_enter(struct call *call, struct err *e);

/* When it is known what he wants and brings. */
void admission_weigh(struct call *call);

/* What it turns out to cost besides: so many operations in one, and passwords
 * among them. */
void admission_charge(const struct call *call, size_t operations,
		      size_t passwords);

/* When it is known what became of it: e is that. */
void admission_settle(struct call *call, const struct err *e);

#endif
