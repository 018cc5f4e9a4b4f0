/*
 * tally - the operations of core/store.h that count what a domain with limits
 * has used of them
 *
 * A tally is an entry below ou=journal, which only the gateways write, under
 * their own name.  It is incremented (RFC 4525) provided that it stays within
 * the limits (RFC 4528), which the directory decides for one writer after the
 * other.
 */
#ifndef LDAP_TALLY_H
#define LDAP_TALLY_H

#include "core/store.h"

bool ldap_tally_reserve(struct store *port, const struct task *t,
			const char *domain, const char *id,
			const struct tally *limits, const struct tally *more,
			struct err *e);
bool ldap_tally_mark(struct store *port, const struct task *t,
		     const char *domain, const char **ret, struct err *e);
bool ldap_tally_release(struct store *port, const struct task *t,
			const char *domain, const char *mark,
			const struct tally *less, struct err *e);
bool ldap_tally_forget(struct store *port, const struct task *t,
		       const char *domain, const char *id,
		       const struct tally *which, struct err *e);
bool ldap_tally_recount(struct store *port, const struct task *t,
			const char *domain, const char *settled,
			struct recount *ret, struct err *e);
bool ldap_tally_list(struct store *port, const struct task *t,
		     const char *after, size_t limit, struct text_list *ret,
		     bool *more, struct err *e);

#endif
