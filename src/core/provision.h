/*
 * provision - what the gateway can do, said once for all dialects
 *
 * Every function first checks everything that may refuse and then does the one
 * thing that acts; what it refuses has changed nothing.
 */
#ifndef CORE_PROVISION_H
#define CORE_PROVISION_H

#include "core/gateway.h"
#include "core/patch.h"

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

/* The same for nothing but the record: API keys of its owner stay. */
bool provision_write(const struct gateway *g, const struct task *t, enum kind k,
		     const char *key, const struct patch *patch,
		     const struct text_list *if_match, void *ret,
		     struct revision *rev, struct err *e);

/* ERR_CONFLICT if that name or address is just being renamed or removed: nobody
 * may have it. */
bool provision_unclaimed(const struct gateway *g, const struct task *t,
			 const char *key, struct err *e);

/* ERR_CONFLICT, "held", if that address was somebody's and is kept from others
 * for a while. */
bool provision_not_held(const struct gateway *g, const struct task *t,
			const char *address, struct err *e);

/* In the form it is stored in.  What could not be a key is never asked for: the
 * directory's own matching would take many spellings for the same. */
bool provision_key(struct arena *a, enum kind k, const char **key,
		   struct err *e);

/* How often a change is tried again when others write the same entry. */
enum { PROVISION_TRIES = 8 };

/* Whether somebody else wrote between our reading and our writing.  If the etag
 * still matches then, his change was one that does not concern the client. */
bool provision_overtaken(const struct err *e);

/* What became of a change that was tried often enough; always false. */
bool provision_given_up(struct err *e, const char *verb, const char *key);

/* The store's refusal in words that are the same for whatever is there; always
 * false. */
bool provision_denied(struct err *e, const char *verb, const char *key);

/* What becomes of a user's API keys when he gets another password. */
enum keys_fate {
	KEYS_USUAL, /* his own change leaves them, that of others does not */
	KEYS_KEEP,
	KEYS_REVOKE,
};

/* Give somebody a new password: who may do that, or he himself if `current`,
 * his present password, is right. */
struct new_password {
	const char *clear;   /* the new one */
	const char *current; /* NULL unless the user himself asks */
	enum keys_fate keys;
	const struct text_list *if_match; /* as for a change of the record */
};
bool provision_password(const struct gateway *g, const struct task *t,
			enum kind k, const char *key,
			const struct new_password *n, struct err *e);

#endif
