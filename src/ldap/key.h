/*
 * key - who somebody is who comes with an API key
 *
 * The key's entry is found by its id and read under the gateway's own name; it
 * is good if its secret, its state, the network and its owner's standing are.
 */
#ifndef LDAP_KEY_H
#define LDAP_KEY_H

#include "core/login.h"
#include "ldap/memory.h"
#include "ldap/session.h"

struct keys;

/* Of one loop.  The session is the gateway's; all must outlive it. */
struct keys *keys_open(struct session *own, const struct ldap_settings *set,
		       struct memory *m);
void keys_close(struct keys **k); /* accepts NULL */

/* ERR_UNAUTHENTICATED whatever is wrong with it, at once: the caller sees to
 * it that the time does not tell. */
bool keys_prove(struct keys *k, const struct task *t,
		const struct credential *c, bool fresh,
		const struct caller **ret, struct err *e);

#endif
