/*
 * tally - the limits of a domain, and what is used of them
 *
 * Whoever makes a user or an alias, or gives a user a larger quota, has that
 * counted before it is written; whoever takes something away has it counted
 * after.  So what is counted is never less than what is there, and no limit is
 * passed, however many write at once.  What others write, and what a gateway
 * that died had counted for nothing, core/reconcile puts right.
 */
#ifndef CORE_TALLY_H
#define CORE_TALLY_H

#include "core/domain.h"
#include "core/gateway.h"
#include "core/user.h"

/* What has been counted for a write that is just to be done. */
struct tally_hold {
	const char *domain; /* NULL: nothing */
	struct tally more;
	const char *mark; /* of the tally, where something is to be less */
};

/* The limits a domain has; NUMBER_NONE: none. */
struct tally tally_limits(const struct domain *d);
bool tally_is_limited(const struct tally *limits);

/* Whether that much more would pass a limit: false, with ERR_CONFLICT and the
 * numbers.  A counter of NUMBER_NONE passes none. */
bool tally_admits(const char *domain, const struct tally *has,
		  const struct tally *more, const struct tally *limits,
		  struct arena *a, struct err *e);

/* A fault of the user's quota, if he has none and his domain as a whole has. */
bool tally_check_quota(const struct domain *d, const struct user *u,
		       struct arena *a, struct err *e);

/* Count a user or alias that is to be added to that domain; a new domain needs
 * no counting. */
bool tally_new(const struct gateway *g, const struct task *t, enum kind k,
	       const struct domain *d, const void *record,
	       struct tally_hold *ret, struct err *e);

/* The same for an alias that comes of renaming that address. */
bool tally_new_alias(const struct gateway *g, const struct task *t,
		     const char *address, struct tally_hold *ret,
		     struct err *e);

/* The write failed: count it no more, unless it may still be done. */
void tally_let_go(const struct gateway *g, const struct task *t,
		  const struct tally_hold *h, const struct err *why);

/* Before a change: count what a user needs more than is held already, by an
 * earlier try, having judged his quota.  A domain that is to be limited where
 * it was not is counted anew. */
bool tally_change(const struct gateway *g, const struct task *t, enum kind k,
		  const void *old, const void *now, struct tally_hold *held,
		  struct err *e);

/* After it: count no more what is not needed, of what is held and of what he
 * had. */
void tally_changed(const struct gateway *g, const struct task *t, enum kind k,
		   const void *old, const void *now,
		   const struct tally_hold *h);

/* Before a removal: the mark of the tally it is counted in; NULL: in none that
 * could be seen. */
const char *tally_seen(const struct gateway *g, const struct task *t,
		       enum kind k, const char *key);

/* A record was removed, by us and not by somebody else.  What was not counted
 * in a tally with that mark is left to core/reconcile. */
void tally_removed(const struct gateway *g, const struct task *t, enum kind k,
		   const void *record, const char *mark);

#endif
