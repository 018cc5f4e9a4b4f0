/*
 * resolver - the port to the DNS, on one loop
 *
 * A stub: it asks the resolvers of its settings and nobody else.  Each query
 * has DNS_QUERY_MILLIS, in two tries of different resolvers where there are
 * several; an answer that is cut off is fetched over TCP, and so is one when
 * somebody sends forged ones.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include "core/resolver.h"
#include "dns/settings.h"
#include "loop/loop.h"

enum { DNS_QUERY_MILLIS = 2000 };

/* The settings must outlive it, and may change. */
struct resolver *dns_resolver_open(struct loop *l,
				   const struct dns_settings *set);

/* Whoever waits waits no longer, and all that is asked from now on fails. */
void dns_resolver_stop(struct resolver *r);

/* Nobody may be waiting.  Accepts NULL. */
void dns_resolver_close(struct resolver **r);

#endif
