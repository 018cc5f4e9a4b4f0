/*
 * steps - the operations of core/store.h that plans are made of
 *
 * Each may be done over again from whatever point it was stopped at.
 */
#ifndef LDAP_STEPS_H
#define LDAP_STEPS_H

#include "ldap/store_parts.h"

bool steps_may_create(struct store *port, const struct task *t,
		      const char *domain, struct err *e);
bool steps_may_remove(struct store *port, const struct task *t, enum kind k,
		      const char *key, struct err *e);
bool steps_rename(struct store *port, const struct task *t, enum kind k,
		  const char *key, const char *to, const char *id,
		  struct err *e);
/* The same without asking where it is: ERR_NOT_FOUND, it was not there.  An
 * earlier try may have prepared it: it has its former address. */
bool steps_move(struct ldap_store *s, const struct task *t, enum kind k,
		const char *key, const char *to, const char *id, bool prepared,
		struct err *e);
bool steps_settle_at(struct ldap_store *s, const struct task *t, enum kind k,
		     const char *key, struct err *e);

bool steps_settle(struct store *port, const struct task *t, enum kind k,
		  const char *key, const char *id, struct err *e);
bool steps_relink(struct store *port, const struct task *t,
		  const struct text_list *names, const char *to,
		  const char *except, enum relinked what, bool *more,
		  struct err *e);
bool steps_is_there(struct store *port, const struct task *t, enum kind k,
		    const char *key, const char *id, bool *ret, struct err *e);

struct ldap_store;

/* Whether the record with that id, or any, is at that name.  That the caller
 * sees nothing must not be taken for nothing being there. */
bool steps_is_at(struct ldap_store *s, const struct task *t, const char *dn,
		 const char *id, bool *ret, struct err *e);

#endif
