/*
 * key - an API key: what it is for, until when, and from where
 *
 * It never gives more rights than its owner has, and takes away what it is not
 * for.  Its text (core/keytext.h) is known to its holder alone.
 */
#ifndef CORE_KEY_H
#define CORE_KEY_H

#include "core/task.h"
#include "util/fault.h"

enum {
	KEY_OWNER_MAX = 100, /* keys of one owner */
	KEY_SCOPES_MAX = 64,
	KEY_DOMAINS_MAX = 100,
	KEY_NETWORKS_MAX = 100,
	KEY_LABEL_MAX = 200, /* bytes */
};

struct key {
	const char *id;    /* the public part of its text */
	const char *owner; /* a login: an address, or a principal's name */
	const char *label; /* what the owner calls it */
	struct text_list scopes;   /* as core/scope.h has them */
	struct text_list domains;  /* none: wherever its owner may */
	struct text_list networks; /* none: from anywhere */
	bool enabled;
	const char *expires_at;                    /* RFC 3339, or NULL */
	const char *created_at;                    /* the store's; read only */
	const char *last_used_at, *last_used_from; /* about; or NULL */
	const char *text;                          /* shown once, or NULL */
	const char *foreign; /* on its way in: what its holder has already, of
			      * another program; never kept */
	bool there; /* it was, before it was asked for: an earlier try has made
		     * it, or its holder had it already */
};

extern const struct key key_defaults;

/* In the form it is stored in. */
void key_fold(struct key *k, struct arena *a);

/* `rights` are the words that a scope may have, beside "*" and "*:read". */
void key_judge(const struct key *k, const struct text_list *rights,
	       struct arena *a, struct err *e);

/* Whether it gives no more than the key that the caller came with, as which
 * `own` is known; NULL: he came with none.  Notes what goes beyond. */
void key_judge_within(const struct key *k, const struct key *own,
		      struct arena *a, struct err *e);

/* Whether it may be used at this moment from that address. */
bool key_is_good(const struct key *k, const char *source);

/* What it may be used for. */
const struct scope *key_scope(const struct key *k, struct arena *a);

#endif
