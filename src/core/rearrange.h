/*
 * rearrange - what takes several writes: new names, and domains with all that
 * is in them
 *
 * Each is a plan, see core/plan.h: done as a whole, or nothing.
 */
#ifndef CORE_REARRANGE_H
#define CORE_REARRANGE_H

#include "core/domain.h"
#include "core/provision.h"

/* Whether a change gives a user or alias another address. */
bool rearrange_renames(enum kind k, const char *key, const struct patch *p);

/* Nobody has that address: else ERR_EXISTS, with whose it is. */
bool rearrange_is_free(const struct gateway *g, const struct task *t,
		       const char *to, struct err *e);

/* Give a user or alias another address within its domain.  What leads to the
 * old one, by a destination, a sender right or a role, leads to the new one.
 * With keep_key the old one stays as an alias of the new one.  `key` is folded
 * already; the rest as for provision_change(). */
bool rearrange_rename(const struct gateway *g, const struct task *t,
		      enum kind k, const char *key, const struct patch *p,
		      const struct text_list *if_match, void *ret,
		      struct revision *rev, struct err *e);

/* Remove a domain with everything that is in it.  From one moment to the next
 * it is gone for everybody; destinations elsewhere that lead into it are gone
 * before, and aliases that would lead nowhere with them. */
bool rearrange_remove_domain(const struct gateway *g, const struct task *t,
			     const char *name, const struct text_list *if_match,
			     struct err *e);

/* Make a domain together with its reserved names, all or nothing. */
bool rearrange_found(const struct gateway *g, const struct task *t,
		     struct domain *d, struct revision *rev, struct err *e);

#endif
