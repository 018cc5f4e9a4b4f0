/*
 * history - records as they were, as the directory's log tells; for
 * core/store.h
 */
#ifndef LDAP_HISTORY_H
#define LDAP_HISTORY_H

#include "core/store.h"

bool ldap_history_read(struct store *port, const struct task *t, enum kind k,
		       const char *key, const char *id,
		       const struct moment *when, void *ret, struct err *e);

#endif
