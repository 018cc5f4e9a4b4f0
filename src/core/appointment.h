/*
 * appointment - giving and taking roles in a domain
 *
 * Who may give which is the directory's to say.  Nobody learns here whether
 * somebody he does not see exists.
 */
#ifndef CORE_APPOINTMENT_H
#define CORE_APPOINTMENT_H

#include "core/gateway.h"

bool appointments(const struct gateway *g, const struct task *t,
		  const char *domain, struct managers *ret, struct err *e);

struct appointment {
	const char *domain, *login;
	enum role role;                   /* ROLE_NONE: take what he has */
	const struct text_list *if_match; /* a state of all roles there */
	bool must_be_new;                 /* ERR_CHANGED if he has one */
	bool must_match; /* ERR_UNCONDITIONAL if he has one, and no if_match */
	bool created;    /* he had none */
};

/* ERR_INVALID, "unknown_login", for somebody who is not there or not visible;
 * ERR_NOT_FOUND if there is nothing to take.  After success *ret is his role,
 * and the etag that of all of them. */
bool appoint(const struct gateway *g, const struct task *t,
	     struct appointment *a, struct manager *ret, const char **etag,
	     struct err *e);

#endif
