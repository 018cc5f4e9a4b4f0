/*
 * tastypie - HTTP as APIs made with django-tastypie speak it
 *
 * Numbers in paths, lists by offset, errors in Python's words, bodies that are
 * empty where others would say something.
 */
#ifndef API_TASTYPIE_H
#define API_TASTYPIE_H

#include "api/numbered.h"

enum { TASTYPIE_STYLE = JSON_SORT_KEYS };

/* A message that is told as it is: ERR_MALFORMED with this code.  Others, and
 * faults, are told as a list. */
extern const char tastypie_plain[];

/* There is nothing to be told: status 404 or 415, and the usual regret. */
bool tastypie_sorry(struct err *e, enum err_kind kind);

/* For struct foreign. */
const char *tastypie_method(const struct request *req);
bool tastypie_credential(const struct call *call, struct auth *ret,
			 struct err *e);
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

/* Types of members, and domains as URIs. */
extern const struct wire_type tastypie_text, tastypie_name, tastypie_integer,
	tastypie_time, tastypie_own, tastypie_alias, tastypie_destination,
	tastypie_domain, tastypie_secret, tastypie_verdict;

/* Two rows that each object has. */
#define TASTYPIE_OWN                                                      \
	{"id", &tastypie_id, {FIELD_NUMBER, 0}, WIRE_UNIQUE | WIRE_BLANK, \
	 "ID", "\"\""},                                                   \
	{                                                                 \
		"resource_uri", &tastypie_itself, {FIELD_TEXT, 0}, 0,     \
			"resource uri", NULL                              \
	}
extern const struct wire_type tastypie_id, tastypie_itself;

/* Handlers: lists, objects and sets of them, and what is written to these. */
route_fn tastypie_list, tastypie_detail, tastypie_set, tastypie_post,
	tastypie_put_list, tastypie_patch_list, tastypie_delete_list,
	tastypie_post_detail, tastypie_change, tastypie_delete, tastypie_schema,
	tastypie_root;

/* What the path names. */
bool tastypie_named(const struct call *call, struct roster_row *ret,
		    struct err *e);

#endif
