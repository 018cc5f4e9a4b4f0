/*
 * checkup_parts - what the checks share
 */
#ifndef CORE_CHECKUP_PARTS_H
#define CORE_CHECKUP_PARTS_H

#include "core/checkup.h"

enum { CHECKUP_QUESTIONS_MAX = 256, CHECKUP_RESULTS_MAX = 128 };

struct checkup {
	struct arena *arena;
	const struct checkup_parts *parts;
	const struct checkup_settings *set;
	const char *domain;
	struct wishes wishes;
	struct dns_question *questions;
	size_t count, asked; /* the first of them are answered */
	struct checkup_report *report;
};

/* One check: what is to be asked, in rounds, of which each has the answers of
 * those before; then `judge` adds results. */
enum { CHECKUP_ROUNDS = 3 };
struct check_row {
	const char *name;
	void (*ask[CHECKUP_ROUNDS])(struct checkup *c); /* or NULL */
	void (*judge)(struct checkup *c);
};

extern const struct check_row checkup_of_mail[], checkup_of_senders[],
	checkup_of_names[];

/* Ask for it or, if that was done, have the answer; never NULL.  A label of
 * the domain, or "", or a whole name. */
struct dns_question *checkup_label(struct checkup *c, const char *label,
				   enum dns_type type);
struct dns_question *checkup_name(struct checkup *c, const char *name,
				  enum dns_type type);

/* Add a result.  The name and what it is about come from there. */
struct verdict_on {
	const char *name, *about, *seen, *wanted;
};
void checkup_note(struct checkup *c, const struct verdict_on *v,
		  const char *result, const char *code, const char *actor,
		  const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* False, with "unknown" added, if it was not answered. */
bool checkup_answered(struct checkup *c, const struct verdict_on *v,
		      const struct dns_question *q);

/* What an answer holds, as text; NULL: nothing. */
const char *checkup_seen(struct checkup *c, const struct dns_question *q);

/* The values of all wishes for that check, with commas between; or NULL. */
const char *checkup_wanted(struct checkup *c, const char *purpose);

/* Those of the TXT records of an answer that begin with such a version: how
 * many there are, and the first. */
size_t checkup_records(const struct dns_question *q, const char *version,
		       const struct dns_record **ret);

#endif
