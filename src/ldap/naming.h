/*
 * naming - the part of the store that knows who names an address, and which are
 * held
 */
#ifndef LDAP_NAMING_H
#define LDAP_NAMING_H

#include "core/store.h"

/* As the operations of the store are called. */
bool naming_of(struct store *port, const struct task *t, const char *address,
	       size_t limit, struct naming *ret, struct err *e);
bool naming_roles(struct store *port, const struct task *t, const char *address,
		  bool *any, struct err *e);
bool naming_may_move(struct store *port, const struct task *t,
		     const char *address, const char *to, bool *ret,
		     struct err *e);
bool naming_hold(struct store *port, const struct task *t, const char *address,
		 const char *until, struct err *e);
bool naming_any(struct store *port, const struct task *t,
		const struct text_list *addresses, bool *any, struct err *e);
bool naming_held(struct store *port, const struct task *t, const char *address,
		 const char **until, struct err *e);
bool naming_forget(struct store *port, const struct task *t, const char *now,
		   bool *more, struct err *e);

#endif
