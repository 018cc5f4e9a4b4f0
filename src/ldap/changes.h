/*
 * changes - which domains were written, as the directory's own log tells; for
 * core/store.h
 */
#ifndef LDAP_CHANGES_H
#define LDAP_CHANGES_H

#include "core/store.h"

bool ldap_changes_read(struct store *port, const struct task *t,
		       const char *since, struct writes *ret, struct err *e);

#endif
