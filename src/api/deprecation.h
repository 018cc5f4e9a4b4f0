/*
 * deprecation - routes that are to go, and how their clients are told
 *
 * With each reply, whatever it is: since when (RFC 9745), until when at least
 * (RFC 8594), and where it says what to do instead.
 */
#ifndef API_DEPRECATION_H
#define API_DEPRECATION_H

#include "api/dialect.h"

struct deprecation {
	const char *method, *path; /* of a route, the path with its prefix */
	const char *since;         /* RFC 3339 */
	const char *sunset; /* RFC 3339, later; NULL: that is not known yet */
	const char *link;   /* of a page that says what to do instead */
};

/* Those that there are, ended by one without a method. */
extern const struct deprecation deprecations[];

/* False, with e set, if a row names no route of ours, or says of it what cannot
 * be. */
bool deprecation_check(const struct deprecation *table, struct err *e);

/* The row of a route; NULL: it stays. */
const struct deprecation *deprecation_of(const struct deprecation *table,
					 const struct dialect *d,
					 const struct route *r);

/* Add the headers to a reply; NULL adds none. */
void deprecation_tell(const struct deprecation *row, struct arena *a,
		      struct response *res);

#endif
