/*
 * item - replies about records that have routes of their own: keys, DKIM keys,
 * webhooks
 */
#ifndef API_ITEM_H
#define API_ITEM_H

#include "api/amend.h"

/* It was made: 201, and where it is now. */
bool item_made(const struct call *call, const char *location,
	       const struct revision *rev, json_t *shown, struct response *res,
	       json_t **ret);

/* As it is, or 304 for who has seen that.  The record is for what is read. */
bool item_read(const struct call *call, const struct amendable *of,
	       void *record, struct response *res, json_t **ret, struct err *e);

/* As it is after the change that the request asks for. */
bool item_change(const struct call *call, const struct amendable *of,
		 void *record, struct response *res, json_t **ret,
		 struct err *e);

/* All of them, in an array of records of that size. */
json_t *item_list(const struct call *call, const struct amendable *of,
		  const void *records, size_t size, size_t count);

#endif
