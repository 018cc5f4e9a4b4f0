/*
 * sponsor - out of whose budgets a domain or a principal comes
 *
 * What a reseller makes is his, and comes out of his budgets; a super
 * administrator says whose it is, or nobody's.  A budget is judged and what
 * takes from it written while nobody else does that: between the call and the
 * writing, the names that were claimed are to be kept.
 */
#ifndef CORE_SPONSOR_H
#define CORE_SPONSOR_H

#include "core/exclusive.h"

/* Whether the caller makes domains and principals at all: he is a super
 * administrator or a reseller. */
bool sponsor_gives(const struct gateway *g, const struct task *t, bool *ret,
		   struct err *e);

/* Before a record is added.  Sets its sponsor and, of a domain, its owner. */
bool sponsor_new(const struct gateway *g, const struct task *t, enum kind k,
		 void *record, struct exclusive *ret, struct err *e);

/* Before it is changed. */
bool sponsor_change(const struct gateway *g, const struct task *t, enum kind k,
		    const void *old, void *record, struct exclusive *ret,
		    struct err *e);

/* Before a principal is removed: ERR_CONFLICT, "is_sponsor", while anything
 * comes out of his budgets.  He gives nothing more until the names are given
 * back. */
bool sponsor_gone(const struct gateway *g, const struct task *t,
		  const char *login, struct exclusive *ret, struct err *e);

#endif
