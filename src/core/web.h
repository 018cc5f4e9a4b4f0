/*
 * web - the web of addresses that lead to others, as writing an entry changes
 * it
 *
 * Nobody may close a circle.  Two who write at the same time could close one
 * together that neither of them saw: so each looks again after writing, and
 * takes back what he wrote if there is one now.
 */
#ifndef CORE_WEB_H
#define CORE_WEB_H

#include "core/gateway.h"

/* ERR_CONFLICT, "loop", if mail for the user or alias would come back to him
 * once he is stored like this.  Before and after the writing. */
bool web_check(const struct gateway *g, const struct task *t, enum kind k,
	       const void *record, struct err *e);

/* The same before a change, if it can close anything. */
bool web_check_change(const struct gateway *g, const struct task *t,
		      enum kind k, const void *old, const void *record,
		      struct err *e);

/* The checks between which the writing is, as one: after success the record
 * and revision are what was stored. */
bool web_add(const struct gateway *g, const struct task *t, enum kind k,
	     void *record, struct revision *ret, struct err *e);
bool web_change(const struct gateway *g, const struct task *t, enum kind k,
		const void *old, void *record, const struct revision *seen,
		struct revision *ret, struct err *e);

/* Whether it is a failure that trying again makes nothing of: what was written
 * is partly there. */
bool web_is_final(const struct err *e);

#endif
