/*
 * route - which function answers which request
 *
 * A path is matched segment by segment; "{name}" matches any one segment and
 * hands it to the handler.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/prefer.h"
#include "api/rates.h"
#include "api/settings.h"
#include "core/provision.h"
#include "http/exchange.h"
#include "json/codec.h"
#include "json/patch.h"

enum { ROUTE_SEGMENTS = 8, ROUTE_PARAMS = 4, ROUTE_QUERY = 10 };

struct deprecation;

/* What every dialect serves from. */
struct service {
	const struct gateway *gateway;
	const char *openapi;   /* the description of the native API, JSON */
	const char *reference; /* the same as a page, HTML */
	struct rates *rates;   /* NULL: nobody is limited */
	const struct rate_settings *rate;
	const struct api_settings *settings;    /* NULL: the defaults */
	struct streams *streams;                /* that are open */
	const struct http_settings *http;       /* how many may be */
	const struct deprecation *deprecations; /* NULL: nothing is to go */
	bool open; /* on a listener of its own, for monitoring: nothing but
		    * what is about the gateway itself, and without a login */
};

struct dialect;
struct http_settings;
struct streams;
struct route;
struct amendable;

/* A request on its way through a dialect. */
struct call {
	const struct request *req;
	const struct service *service;
	const struct gateway *gateway;
	const struct dialect *dialect;
	const struct route *route;
	const char *allow; /* ERR_METHOD: the methods that can be used there */
	struct task task;  /* of the caller */
	const char *params[ROUTE_PARAMS]; /* in the order of the pattern */
	const char *query[ROUTE_QUERY];   /* in the order of route.query */
	void *body;                       /* a record, if the route takes one */
	struct presence present;          /* which of its members were sent */
	struct whole whole;               /* instead, where PUT replaces one */
	const struct json_patch *amendment; /* instead of a body, or NULL */
	const struct amendable *amends;     /* NULL: the route takes none */
	bool must_match; /* what is there is written only with If-Match */
	struct rates_seen seen;    /* the buckets that it asked */
	struct claim *claim;       /* of a request that has a key; or NULL */
	struct preferences prefer; /* what else was wished for */
};

/* Sets status and reply, or explains in e why not. */
typedef bool route_fn(const struct call *call, struct response *res,
		      json_t **ret, struct err *e);

struct route {
	const char *method;
	const char *path;          /* without slashes at the ends */
	const struct codec *takes; /* what the body is, or NULL */
	route_fn *handle;
	const char *right; /* the scope an API key needs; "none": no login */
	enum kind kind;
	const char *query[ROUTE_QUERY]; /* the parameters it knows */
};

/* A path, split at its slashes and percent-decoded. */
struct path {
	const char *segments[ROUTE_SEGMENTS];
	size_t count;
};

/* ERR_MALFORMED for bad escapes and control characters, ERR_NOT_FOUND for more
 * segments than any route has.  One slash more at the end makes no
 * difference. */
bool path_split(struct arena *a, const char *text, struct path *ret,
		struct err *e);

/* Fills params. */
bool route_matches(const struct route *r, const struct path *p,
		   const char *params[ROUTE_PARAMS]);

#endif
