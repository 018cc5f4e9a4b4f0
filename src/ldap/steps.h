/*
 * steps - the operations of core/store.h that plans are made of
 *
 * Each may be done over again from whatever point it was stopped at.
 */
#ifndef LDAP_STEPS_H
#define LDAP_STEPS_H

#include "core/store.h"

bool steps_may_create(struct store *port, const struct task *t,
		      const char *domain, struct err *e);
bool steps_may_remove(struct store *port, const struct task *t, enum kind k,
		      const char *key, struct err *e);
bool steps_rename(struct store *port, const struct task *t, enum kind k,
		  const char *key, const char *to, const char *id,
		  struct err *e);
bool steps_settle(struct store *port, const struct task *t, enum kind k,
		  const char *key, const char *id, struct err *e);
bool steps_relink(struct store *port, const struct task *t,
		  const struct text_list *names, const char *to,
		  const char *except, enum relinked what, bool *more,
		  struct err *e);
bool steps_is_there(struct store *port, const struct task *t, enum kind k,
		    const char *key, const char *id, bool *ret, struct err *e);

bool steps_may_retire(struct store *port, const struct task *t,
		      const char *name, const char *plan, struct err *e);

bool steps_retire(struct store *port, const struct task *t, const char *name,
		  const char *id, const char *plan, struct err *e);

#endif
