/*
 * obstacle - says what is in the way of something, as far as the caller may
 * know
 */
#ifndef CORE_OBSTACLE_H
#define CORE_OBSTACLE_H

#include "core/gateway.h"

/* What has the key already, in place of the store's words.  Returns false. */
bool obstacle_taken(const struct gateway *g, const struct task *t, enum kind k,
		    const char *key, struct err *e);

/* What a domain that is to be removed still has, as far as it can be told. */
void obstacle_counts(const struct gateway *g, const struct task *t,
		     const char *domain, struct err *e);

#endif
