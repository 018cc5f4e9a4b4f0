/*
 * ahead - what is asked for many addresses at once, before they are made
 *
 * Whoever makes one address asks whether somebody is just renaming or removing
 * it, whether it is held, and whether any role names it; and reads its domain.
 * Who makes very many asks that for a number of them together, a moment before.
 * Only that nothing is in the way is remembered: whatever else there is, is
 * asked for again by whoever makes that address, and told by him.
 *
 * What was asked counts for AHEAD_MILLIS: as long as a write may wait in the
 * directory anyway, between being judged and being done.
 */
#ifndef CORE_AHEAD_H
#define CORE_AHEAD_H

#include "core/domain.h"
#include "core/gateway.h"
#include "core/task.h"

enum {
	AHEAD_MILLIS = 500,
	AHEAD_DOMAINS = 64, /* that are known at a time */
};

/* Domains as they were read within such a time. */
struct ahead_domains;

/* What was asked for one of the addresses. */
struct ahead {
	const char *free; /* the address, if nothing is in its way; or NULL */
	int64_t asked_at;
	struct ahead_domains *domains; /* or NULL */
};

/* Whoever has them lets them go; the last one frees them. */
struct ahead_domains *ahead_domains_new(void);
struct ahead_domains *ahead_domains_keep(struct ahead_domains *d);
void ahead_domains_let_go(struct ahead_domains **d);
bool ahead_domains_are_fresh(const struct ahead_domains *d);

/* Whether nothing is in the way of any of these users and aliases.  What could
 * not be asked is not known. */
bool ahead_are_free(const struct gateway *g, const struct task *t,
		    const struct text_list *addresses);

/* Whether that is known of this one. */
bool ahead_is_free(const struct task *t, const char *address);

/* A domain, perhaps as it was a moment ago; else as the store's get. */
bool ahead_domain(const struct gateway *g, const struct task *t,
		  const char *name, struct domain *ret, struct err *e);

#endif
