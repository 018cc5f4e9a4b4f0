/*
 * conditional - preconditions of a request (RFC 9110 section 13)
 */
#ifndef API_CONDITIONAL_H
#define API_CONDITIONAL_H

#include "api/route.h"

/* The entity tags of If-Match, without quotes; NULL if there is no such
 * header.  ERR_MALFORMED if it is not a list of tags.  Weak tags are left out:
 * they never match. */
bool conditional_match(const struct request *req, const struct text_list **ret,
		       struct err *e);

/* The same for a write to what is there: ERR_UNCONDITIONAL if there has to be
 * one. */
bool conditional_demanded(const struct call *call, const struct text_list **ret,
			  struct err *e);

/* ERR_MALFORMED for any precondition: what is made has no state as yet. */
bool conditional_never(const struct request *req, struct err *e);

/* Such a list by itself.  False: it is none. */
bool conditional_tags(struct arena *a, const char *value,
		      const struct text_list **ret);

/* Whether "If-None-Match: *" wants that there is none yet.  ERR_MALFORMED for
 * other values of it: a write knows no other. */
bool conditional_absent(const struct request *req, bool *ret, struct err *e);

/* ERR_MALFORMED for preconditions that this request does not honour, so that
 * none is passed over in silence. */
bool conditional_none(const struct request *req, const char *name,
		      struct err *e);

/* Whether If-None-Match names this tag, or "*". */
bool conditional_is_fresh(const struct request *req, const char *etag);

/* The reply's own tag. */
void conditional_tag(const struct request *req, struct response *res,
		     const char *etag);

#endif
