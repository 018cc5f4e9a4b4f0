/*
 * dialect - one way of speaking to the gateway
 *
 * A dialect is a table of routes, tables of names, and a way to word errors.
 * It holds no rules.  Adding one: a file here, a row in dialects.c, a page in
 * docs/api/, a directory in tests/e2e/.
 */
#ifndef API_DIALECT_H
#define API_DIALECT_H

#include "api/route.h"
#include "http/auth.h"

/* The right of routes that need no login. */
extern const char open_to_all[];

struct phrases;
struct resource;

/* What clients of another product expect of HTTP itself.  Parameters that a
 * route does not name are its handler's, and neither Prefer nor Idempotency-Key
 * means anything. */
struct foreign {
	bool (*is_on)(const struct service *s);
	/* Which method is meant. */
	const char *(*method)(const struct request *req);
	/* The credentials that a route takes, enum auth_scheme, and what there
	 * is of them besides in the header Authorization.  False: none. */
	unsigned (*schemes)(const struct route *r);
	bool (*credential)(const struct call *call, struct auth *ret,
			   struct err *e);
	/* Whether that may be in the URL; NULL: it never is. */
	bool (*url_keys)(const struct service *s);
	/* What it serves, ended by one without a name, and in which words it
	 * refuses; and whether whole lists may be deleted at once. */
	const struct resource *resources;
	const struct phrases *phrases;
	bool (*whole_lists)(const struct service *s);
	/* Word an error, and give any reply the headers that they know. */
	void (*finish)(const struct call *call, struct response *res,
		       const struct err *e);
};

struct dialect {
	const char *name;
	const char *prefix;                /* of its paths, from "/" to a "/" */
	const struct route *const *tables; /* of routes, ended by NULL; each
					    * ended by one without a method */
	unsigned schemes;  /* of credentials that it takes: enum auth_scheme */
	size_t json_style; /* flags of json_dumps() */
	bool conditional;  /* [api] require_if_match counts */
	/* How a route takes a JSON Patch; NULL: no route does. */
	const struct amendable *(*amends)(const struct route *r);
	const struct foreign *foreign;             /* NULL: our own ways */
	const char *error_type;                    /* media type */
	unsigned (*status_of)(enum err_kind kind); /* NULL: the usual */
	json_t *(*word_error)(struct arena *a, const struct err *e,
			      unsigned status, const struct codec *body);
};

extern const struct dialect dialect_native;
extern const struct dialect dialect_dinomail;
extern const struct dialect dialect_health;

/* The first whose prefix fits serves a path, the last whatever is left; ended
 * by NULL. */
extern const struct dialect *const dialects[];

/* The rights that any route asks for, sorted; without that of those which are
 * open to all. */
struct text_list dialect_rights(struct arena *a);

/* All routes of a dialect, table after table; NULL behind the last. */
struct rows {
	const struct route *const *table;
	const struct route *next;
};
struct rows rows_of(const struct dialect *d);
const struct route *rows_next(struct rows *rows);

#endif
