/*
 * inspect - looks now and then whether the directory has our schema, and
 * whether only one server of it is written to
 */
#ifndef LDAP_INSPECT_H
#define LDAP_INSPECT_H

#include "ldap/session.h"

struct inspect;

/* On the loop's own thread.  It ends by itself when the session, which is the
 * gateway's, is stopped; all must outlive it. */
struct inspect *inspect_start(struct loop *l, struct session *s,
			      const struct ldap_settings *set);

/* After its end; accepts NULL. */
void inspect_free(struct inspect **i);

/* What writers there are, by the last two looks at contextCSN, each ended by a
 * NULL bv_val: how many servers have written in between. */
size_t inspect_writers(const struct berval *was, const struct berval *is);

#endif
