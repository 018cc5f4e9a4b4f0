/*
 * listing - pages of records, with what follows from others
 */
#ifndef CORE_LISTING_H
#define CORE_LISTING_H

#include "core/gateway.h"

/* ERR_DENIED if the caller may not look there.  With a filter a page may have
 * fewer records than its limit although there are more. */
bool listing(const struct gateway *g, const struct task *t,
	     const struct query *q, struct page *ret, struct err *e);

#endif
