/*
 * replace - put a whole record in the place of another, or make it
 *
 * What the new record does not say has its default, as on creation; a password
 * that it does not say stays.  A use case made of those in core/provision.
 */
#ifndef CORE_REPLACE_H
#define CORE_REPLACE_H

#include "core/provision.h"

struct replacement {
	struct patch patch; /* the record, and the members to write of it */
	const struct field *kept; /* others it names, to be what is there */
	size_t kept_count;
	const struct text_list *if_match; /* as for a change: creates nothing */
	bool must_be_new;                 /* ERR_CHANGED if there is one */
	bool must_match; /* ERR_UNCONDITIONAL if there is one, and no if_match
			  */
	bool created;    /* what was done */
};

/* Note every fault that a new record has by itself in the place of that key,
 * which it takes over if it has none. */
bool replace_judge(const struct gateway *g, enum kind k, const char *key,
		   void *record, struct arena *a, struct err *e);

/* Sets `created`; ret is what was stored.  Of many at once one
 * creates, and the others replace what it made, each as a whole. */
bool replace(const struct gateway *g, const struct task *t, enum kind k,
	     const char *key, struct replacement *r, void *ret,
	     struct revision *rev, struct err *e);

#endif
