/*
 * store_list - pages of records, for the store
 *
 * First the keys of everything that is wanted are found, of which those of the
 * page are kept; then the records of these.
 */
#ifndef LDAP_STORE_LIST_H
#define LDAP_STORE_LIST_H

#include "ldap/store_parts.h"

bool store_list(struct store *port, const struct task *t, const struct query *q,
		struct page *ret, struct err *e);

#endif
