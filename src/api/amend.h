/*
 * amend - a change as the client sent it: members, or a JSON Patch
 *
 * A JSON Patch says what to do with what is there.  So it is applied to what
 * was just read and written provided that nobody wrote since; else it is tried
 * again with what is there then, as often as is bearable.
 */
#ifndef API_AMEND_H
#define API_AMEND_H

#include "api/route.h"

/* What has to be known of a route that takes a JSON Patch, too. */
struct amendable {
	bool (*read)(const struct call *call, void *ret, struct revision *rev,
		     struct err *e);
	json_t *(*show)(const struct call *call, const void *record);
	bool (*write)(const struct call *call, const struct patch *p,
		      const struct text_list *if_match, void *ret,
		      struct revision *rev, struct err *e);
};

/* Change what the route is about, as the request says and if it is in one of
 * those states; ret is what it became. */
bool amend(const struct call *call, void *ret, struct revision *rev,
	   struct err *e);

/* A JSON Patch as members of a record, as if those had been sent; `shown` is
 * what it is applied to, and is released. */
bool amend_members(const struct json_patch *what, const struct codec *takes,
		   struct arena *a, json_t *shown, struct patch *ret,
		   struct err *e);

#endif
