/*
 * domain_checks - the use cases of checking domains
 *
 * Who sees a domain sees what was found of it, and may have it checked.
 */
#ifndef CORE_DOMAIN_CHECKS_H
#define CORE_DOMAIN_CHECKS_H

#include "core/checkup.h"
#include "core/gateway.h"

/* A domain, and what is said of it. */
struct checked {
	struct domain domain;
	struct checkup_report report;
	const char *challenge; /* to be published; NULL: nothing is to be */
};

/* What was found last. */
bool domain_checks_read(const struct gateway *g, const struct task *t,
			const char *name, struct checked *ret, struct err *e);

/* Look now.  ERR_UNAVAILABLE: nobody asks the DNS here. */
bool domain_checks_run(const struct gateway *g, const struct task *t,
		       const char *name, struct checked *ret, struct err *e);

/* What should be published, and what was found last. */
bool domain_checks_wishes(const struct gateway *g, const struct task *t,
			  const char *name, struct checked *found,
			  struct wishes *ret, struct err *e);

/* The duty of one gateway: check domains whose time has come, and those that
 * never were; *stop ends it between two. */
struct checks_round {
	int64_t looked; /* for those that never were, by clock_now() */
	int64_t pause;  /* until that is done again */
};
bool domain_checks_look(const struct gateway *g, const struct task *t,
			struct checks_round *r, const bool *stop,
			struct err *e);

/* A domain that comes into force waits instead, if the caller is no super
 * administrator and it was not proved yet that it is his.  `old`: what it was;
 * NULL: it is new. */
bool domain_checks_hold(const struct gateway *g, const struct task *t,
			const struct domain *old, struct domain *d,
			struct err *e);

#endif
