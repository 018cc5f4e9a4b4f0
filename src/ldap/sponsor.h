/*
 * sponsor - what of core/store.h is about budgets
 */
#ifndef LDAP_SPONSOR_H
#define LDAP_SPONSOR_H

#include "core/store.h"

const char *sponsor_identity(struct store *port, const struct task *t,
			     const char *login);
bool sponsor_budget(struct store *port, const struct task *t, const char *login,
		    enum kind but, const char *key, struct budget *limits,
		    struct budget *given, struct err *e);
bool sponsor_overlaps(struct store *port, const struct task *t,
		      const char *name, bool *ret, struct err *e);

#endif
