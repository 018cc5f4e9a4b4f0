/*
 * tastypie - HTTP as APIs made with django-tastypie speak it
 *
 * Numbers in paths, lists by offset, errors in Python's words, bodies that are
 * empty where others would say something.
 */
#ifndef API_TASTYPIE_H
#define API_TASTYPIE_H

#include "api/dialect.h"
#include "core/roster.h"

enum { TASTYPIE_STYLE = JSON_SORT_KEYS };

/* A message that is told as it is: ERR_MALFORMED with this code.  Others, and
 * faults, are told as a list. */
extern const char tastypie_plain[];

/* One of a list of messages. */
void tastypie_note(struct err *e, struct arena *a, const char *message);

/* There is nothing to be told: status 404 or 415, and the usual regret. */
bool tastypie_sorry(struct err *e, enum err_kind kind);

/* For struct foreign. */
const char *tastypie_method(const struct request *req);
void tastypie_finish(const struct call *call, struct response *res,
		     const struct err *e);

/* The last value of a parameter, decoded; NULL: it is not there. */
const char *tastypie_parameter(const struct call *call, const char *name);

/* The next parameter's name, or NULL; begin with *at = NULL. */
const char *tastypie_each(const struct call *call, const char **at);

/* Limit and offset; and what is told of them. */
bool tastypie_page(const struct call *call, struct roster_query *q,
		   struct err *e);
json_t *tastypie_meta(const struct call *call, const struct roster_query *q,
		      size_t total);

/* Whatever a client accepts it gets JSON, but it has to say it well. */
bool tastypie_accepted(const struct call *call, struct err *e);

/* The body, an object. */
bool tastypie_body(const struct call *call, json_t **ret, struct err *e);

/* The number in a path's part: false if it is none.  NUMBER_NONE: none that
 * anything can have. */
bool tastypie_number(const char *text, int64_t *ret);

/* The number at the end of a URI of that collection, be it absolute. */
bool tastypie_uri_number(const char *uri, const char *collection, int64_t *ret);
const char *tastypie_uri(struct arena *a, const char *collection,
			 int64_t number);

/* A row for each field of a resource, ended by NULL. */
struct tastypie_field {
	const char *name, *type; /* as it calls them */
	const char *verbose;     /* name for people */
	const char *fallback;    /* the default as JSON; NULL: none */
	bool blank, unique;
	const char *related; /* path of the schema of what it names, or NULL */
};
json_t *tastypie_schema(const struct tastypie_field *fields,
			const char *const list[], const char *const detail[]);

#endif
