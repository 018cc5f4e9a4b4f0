/*
 * lane - one loop with everything it needs to serve: nothing in it is shared
 * with other lanes, except pools and counters that may be
 */
#ifndef LANE_H
#define LANE_H

#include "api/dispatch.h"
#include "edition.h"
#include "http/sources.h"
#include "http/streams.h"
#include "ldap/feed.h"
#include "ldap/news.h"
#include "ldap/notices.h"
#include "loop/pool.h"
#include "oidc/keyring.h"
#include "policy/server.h"
#include "signer/envelope.h"
#include "webhook/office.h"

struct lane;

struct lane_parts {
	const struct conf *conf; /* to begin with; each lane has a copy */
	struct pool *connectors[NEWS_SERVERS_MAX]; /* one a server */
	struct pool *hashers;
	struct pool *makers;         /* of keys that sign mail */
	const struct envelope *seal; /* NULL: these are kept as they are */
	struct news *news;
	struct notices *notices;
	struct sources *sources;
	struct streams *streams;
	struct feed_hub *feed;
	struct rates *rates;
	struct tls *tls; /* NULL: plain HTTP */
	struct guess *guess;
	const struct suffixes *suffixes;
	struct policy_door *door;
	struct keyring *keyring; /* NULL: no tokens are taken */
	struct pool *verifiers;  /* of their signatures */
	const char *openapi, *reference;
	const struct office *office; /* of webhooks */
	int dict; /* socket of the first lane, which takes it over; or -1 */
	const char *name; /* of this process, among all gateways */
	unsigned lanes;   /* how many there are */
};

/* Listening sockets; a negative one is none. */
struct lane_listeners {
	int http, metrics, vault, policy[POLICY_PLACES_MAX];
};

/* Serve on those sockets, which are taken over, on a thread of its own; the
 * first one has the steward, too.
 * The parts must outlive it.  NULL, with e set, on failure. */
struct lane *lane_start(const struct lane_parts *parts,
			const struct lane_listeners *on, bool first,
			struct err *e);

/* Accept nobody any more and end when all requests are done, at most 8 s from
 * now.  From any thread. */
void lane_stop(struct lane *l);

/* From now on those options; the lane holds them.  From any thread. */
void lane_renew(struct lane *l, struct edition *ed);

/* Wait for its end.  Accepts NULL. */
void lane_join(struct lane **l);

#endif
