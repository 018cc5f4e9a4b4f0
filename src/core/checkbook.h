/*
 * checkbook - where what was found of domains is kept, as the core sees it
 *
 * All with the gateway's own rights, for who has seen that the domain is there.
 */
#ifndef CORE_CHECKBOOK_H
#define CORE_CHECKBOOK_H

#include "core/checkup.h"
#include "core/task.h"
#include "util/err.h"

struct checkbook;

struct checkbook_ops {
	/* The last report; one without a time if there is none. */
	bool (*get)(struct checkbook *b, const struct task *t,
		    const char *domain, struct checkup_report *ret,
		    struct err *e);

	/* ERR_NOT_FOUND: there is no such domain. */
	bool (*keep)(struct checkbook *b, const struct task *t,
		     const char *domain, const struct checkup_report *r,
		     struct err *e);

	/* Of the domain what the checks need to know. */
	bool (*subject)(struct checkbook *b, const struct task *t,
			const char *domain, struct domain *ret, struct err *e);

	/* Some of the domains whose time has come by then (RFC 3339). */
	bool (*due)(struct checkbook *b, const struct task *t, const char *now,
		    struct text_list *ret, struct err *e);

	/* Some of those that were never checked. */
	bool (*unchecked)(struct checkbook *b, const struct task *t,
			  struct text_list *ret, struct err *e);

	/* Who has a domain that waits for it has proved his control of it:
	 * from now on it is in force. */
	bool (*prove)(struct checkbook *b, const struct task *t,
		      const char *domain, const char *time, struct err *e);
};

struct checkbook {
	const struct checkbook_ops *ops;
};

#endif
