/*
 * follow - reads the directory's log, so that no loop relies on a credential
 * whose owner, key or domain was changed meanwhile, by whomever
 *
 * slapd writes each change to cn=accesslog before it confirms it, one after the
 * other.  While anybody is remembered the log is looked at every
 * FOLLOW_MILLIS; else now and then, to stay where it ends.  Who follows changes
 * hears from here that there are some: ldap/feed.h.
 */
#ifndef LDAP_FOLLOW_H
#define LDAP_FOLLOW_H

#include "ldap/feed.h"
#include "ldap/notices.h"
#include "ldap/session.h"

enum { FOLLOW_MILLIS = 100 };

struct follow;

/* On the loop's own thread.  It ends by itself when the session, which is the
 * gateway's, is stopped; all must outlive it. */
struct follow *follow_start(struct loop *l, struct session *s,
			    const struct ldap_settings *set, struct notices *n,
			    struct feed_hub *h);

/* Whether what was written, as in reqMod, is only what slapd itself notes of
 * wrong passwords. */
bool follow_is_failure(const struct berval *mods);

/* After its end; accepts NULL. */
void follow_free(struct follow **f);

#endif
