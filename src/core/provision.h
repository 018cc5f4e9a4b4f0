/*
 * provision - what the gateway can do, said once for all dialects
 *
 * Every function first checks everything that may refuse and then does the one
 * thing that acts; what it refuses has changed nothing.
 */
#ifndef CORE_PROVISION_H
#define CORE_PROVISION_H

#include "core/gateway.h"

/* A change to a record: take these members from it. */
struct patch {
	const void *record;
	const struct field *fields;
	size_t count;
};

/* Fold a new record and note every fault it has by itself. */
bool provision_judge(const struct gateway *g, enum kind k, void *record,
		     struct arena *a, struct err *e);

/* The record is folded, completed and, after success, what was stored. */
bool provision_create(const struct gateway *g, const struct task *t,
		      enum kind k, void *record, struct revision *ret,
		      struct err *e);

bool provision_read(const struct gateway *g, const struct task *t, enum kind k,
		    const char *key, void *ret, struct revision *rev,
		    struct err *e);

/* if_match: the etags one of which the record must have, "*" standing for any;
 * NULL: whatever it is.  ERR_CHANGED if it has another. */
bool provision_change(const struct gateway *g, const struct task *t,
		      enum kind k, const char *key, const struct patch *patch,
		      const struct text_list *if_match, void *ret,
		      struct revision *rev, struct err *e);

bool provision_remove(const struct gateway *g, const struct task *t,
		      enum kind k, const char *key,
		      const struct text_list *if_match, struct err *e);

/* ERR_DENIED if the caller may not look there. */
bool provision_list(const struct gateway *g, const struct task *t,
		    const struct query *q, struct page *ret, struct err *e);

/* Give a user a new password: somebody who may, or he himself if `current`,
 * his present password, is right. */
struct new_password {
	const char *clear;   /* the new one */
	const char *current; /* NULL unless the user himself asks */
};
bool provision_password(const struct gateway *g, const struct task *t,
			const char *address, const struct new_password *n,
			struct err *e);

#endif
