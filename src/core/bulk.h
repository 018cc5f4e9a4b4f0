/*
 * bulk - one record of many that are brought in at once
 *
 * What it is to become of a record whose name is taken is said for all of them
 * together; each is written by itself, and each is told of.
 */
#ifndef CORE_BULK_H
#define CORE_BULK_H

#include "core/provision.h"

enum bulk_conflict { BULK_FAIL, BULK_SKIP, BULK_UPDATE, BULK_CONFLICTS };

enum bulk_result {
	BULK_CREATED,
	BULK_UPDATED,
	BULK_UNCHANGED, /* it was like that */
	BULK_SKIPPED,   /* its name is taken */
	BULK_IGNORED,   /* it is about nothing that is brought in */
	BULK_FAILED,
	BULK_RESULTS,
};

/* As a client says it, and is told it. */
extern const char *const bulk_conflicts[BULK_CONFLICTS];
extern const char *const bulk_results[BULK_RESULTS];

struct bulk_item {
	enum kind kind;
	void *record;
	struct field *fields; /* its members that were named */
	size_t field_count;
	bool change;          /* nothing new: a change of what is there */
	const char *left_out; /* told: why its hash was not taken, or NULL */
};

/* ERR_EXISTS leaves BULK_FAILED; whatever else fails, too.  A hash that not
 * everybody verifies is left out: its owner needs a new password. */
bool bulk_put(const struct gateway *g, const struct task *t,
	      struct bulk_item *item, enum bulk_conflict conflict,
	      enum bulk_result *ret, struct err *e);

/* What would become of it, as far as that can be told without looking at what
 * is there: its own form. */
bool bulk_judge(const struct gateway *g, const struct task *t,
		struct bulk_item *item, struct err *e);

#endif
