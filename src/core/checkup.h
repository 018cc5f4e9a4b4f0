/*
 * checkup - whether the DNS says of a domain what it should
 *
 * All questions are asked side by side; what nobody could tell is "unknown",
 * and never an error.
 */
#ifndef CORE_CHECKUP_H
#define CORE_CHECKUP_H

#include "core/publish.h"
#include "core/suffixes.h"

enum {
	CHECKUP_MILLIS = 8000, /* for all of it */
	CHECKUP_SEEN_MAX = 1000,
};

#define CHECK_OK "ok"
#define CHECK_WARNING "warning"
#define CHECK_ERROR "error"
#define CHECK_UNKNOWN "unknown"
#define ACTOR_YOU "you"           /* who has the domain's zone */
#define ACTOR_OPERATOR "operator" /* who runs the servers */

struct checkup_result {
	const char *name;   /* which check */
	const char *about;  /* the name in the DNS that it is about */
	const char *result; /* CHECK_... */
	const char *code;   /* a word for programs */
	const char *detail; /* words for people */
	const char *actor;  /* ACTOR_..., or NULL where nobody has to act */
	const char *seen, *wanted; /* in the DNS; or NULL */
};

struct checkup_report {
	struct checkup_result *results;
	size_t count;
	bool proved;                      /* the challenge was seen */
	const char *state;                /* of checkup_state(), or NULL */
	const char *checked_at, *next_at; /* RFC 3339; or NULL */
};

struct checkup_parts {
	struct resolver *resolver;
	const struct suffixes *suffixes; /* or NULL */
	const struct publication *published;
	bool validating; /* the resolvers say whether an answer is secure */
	int64_t deadline;
};

/* Parks the fiber until the deadline, at most. */
void checkup_run(struct arena *a, const struct checkup_parts *p,
		 struct checkup_report *ret);

/* The worst result: "ok", "warning", "error" or, if there is nothing worse than
 * what is not known, "unknown". */
const char *checkup_worst(const struct checkup_report *r);

/* The state of a domain: "disabled" if nobody wants it in force; "pending"
 * where it waits for a proof, or was never checked; "action_required" if an
 * error is for who has the zone; "failed" if one is for the operator;
 * "enabled". */
const char *checkup_state(const struct domain *d,
			  const struct checkup_report *r);

/* What of a new report is better than the one before only because nobody could
 * tell is taken from that. */
void checkup_carry(struct checkup_report *r, const struct checkup_report *old);

/* By the names of the checks, and what they are about. */
void checkup_sort(struct checkup_report *r);

/* The result of a check for a record that is wished for; or NULL. */
const struct checkup_result *checkup_of(const struct checkup_report *r,
					const struct wish *w);

#endif
