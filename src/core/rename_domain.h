/*
 * rename_domain - a domain gets another name, with all its addresses
 */
#ifndef CORE_RENAME_DOMAIN_H
#define CORE_RENAME_DOMAIN_H

#include "core/domain.h"
#include "core/provision.h"

/* What a job says that it is about. */
#define RENAME_JOB "rename"

/* Whether a change of that domain gives it another name. */
bool rename_domain_asked(const char *name, const struct patch *p);

/* Give a domain of kind "local" another name.  Mail for old and new addresses
 * is taken all the time.  With keep_key the old name stays as an alias domain
 * of the new one, else it goes in the end.
 * What takes longer than a request may is left to the steward: then the new one
 * still has a target, and its
 * `job` says which plan it is.  The rest as for provision_change(). */
bool rename_domain(const struct gateway *g, const struct task *t,
		   const char *name, const struct patch *p,
		   const struct text_list *if_match, struct domain *ret,
		   struct revision *rev, struct err *e);

#endif
