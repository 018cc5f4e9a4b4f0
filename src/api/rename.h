/*
 * rename - a change that gives a domain another name
 */
#ifndef API_RENAME_H
#define API_RENAME_H

#include "api/route.h"

/* As struct amendable has it. */
bool rename_write(const struct call *call, const struct patch *p,
		  const struct text_list *if_match, void *ret,
		  struct revision *rev, struct err *e);

/* Whether a record that was changed is a domain whose new name is yet to be
 * completed, without the client. */
bool rename_goes_on(const struct call *call, const void *record);

/* 202, and where to ask what becomes of it. */
void rename_accepted(const struct call *call, const void *record,
		     struct response *res);

#endif
