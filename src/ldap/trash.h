/*
 * trash - what was deleted and is kept, below the journal
 *
 * The operations of core/store.h that concern it.  An entry of its own says
 * what it is, and the deleted one stands below that.
 */
#ifndef LDAP_TRASH_H
#define LDAP_TRASH_H

#include "core/store.h"

bool ldap_trash_discard(struct store *port, const struct task *t,
			struct trashed *what, const struct revision *seen,
			struct err *e);
bool ldap_trash_find(struct store *port, const struct task *t, const char *id,
		     struct trashed *ret, struct err *e);
bool ldap_trash_list(struct store *port, const struct task *t,
		     const struct trash_query *q, struct trash_page *ret,
		     struct err *e);
bool ldap_trash_record(struct store *port, const struct task *t,
		       struct trashed *x, struct err *e);
bool ldap_trash_sift(struct store *port, const struct task *t,
		     const struct trashed *x, struct err *e);
bool ldap_trash_keep(struct store *port, const struct task *t, const char *id,
		     const char *until, struct err *e);
bool ldap_trash_overdue(struct store *port, const struct task *t,
			const char *now, struct text_list *ids, bool *more,
			struct err *e);

#endif
