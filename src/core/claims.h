/*
 * claims - the journal as a plan's own steps see it
 *
 * What a plan has claimed is claimed by others, and not for its steps: they use
 * the same use cases as everybody.
 */
#ifndef CORE_CLAIMS_H
#define CORE_CLAIMS_H

#include "core/gateway.h"

struct claims {
	struct journal port;
	struct journal *behind;
	const struct text_list *own;
	bool trial; /* nothing is written: what would be claimed is not */
};

/* A gateway whose journal it is; both live as long as c. */
struct gateway claims_own(struct claims *c, const struct gateway *g,
			  const struct text_list *own);
struct gateway claims_trial(struct claims *c, const struct gateway *g);

#endif
