/*
 * stage - a store that answers as the real one would, had it been written to
 *
 * What is written to it, it keeps to itself and tells as works.  Use cases run
 * on it as on any other, so that what several of them would do one after the
 * other is judged before the first is done.  Rights are asked for where that
 * can be done without writing.  Only what use cases for domains, users and
 * aliases ask for is there.
 */
#ifndef CORE_STAGE_H
#define CORE_STAGE_H

#include "core/claims.h"
#include "core/plan.h"

struct staged;
struct staged_domain;

struct stage {
	struct store port;
	const struct gateway *real;
	struct gateway gateway; /* for the use cases */
	struct claims claims;
	struct arena *arena;
	struct staged *items;
	struct staged_domain *domains;
	struct work last; /* what was written last */
	bool any;         /* anything was, since this was set to false */
};

/* At the place of *ret, which stays where it is. */
void stage_begin(struct stage *ret, const struct gateway *g, struct arena *a);

/* Whether it is only here. */
bool stage_has_made(const struct stage *s, enum kind k, const char *key);

#endif
