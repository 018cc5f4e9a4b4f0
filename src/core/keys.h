/*
 * keys - the use cases of API keys
 *
 * Who may have which keys the store decides.  Besides, who came with a key
 * makes and changes none that could do more than his own, and a key for some
 * domains knows only its owner's keys and those of users in them.
 */
#ifndef CORE_KEYS_H
#define CORE_KEYS_H

#include "core/gateway.h"
#include "core/keyring.h"
#include "core/provision.h"

/* The record is folded and, after success, what was stored, with its text.
 * Without an owner it is the caller's.  `rights`: the words that there are for
 * scopes. */
bool keys_create(const struct gateway *g, const struct task *t,
		 const struct text_list *rights, struct key *k,
		 struct revision *ret, struct err *e);

bool keys_read(const struct gateway *g, const struct task *t, const char *id,
	       struct key *ret, struct revision *rev, struct err *e);

/* Of that owner; NULL: the caller's. */
bool keys_list(const struct gateway *g, const struct task *t, const char *owner,
	       struct key **ret, size_t *count, struct err *e);

/* A key of the caller's that is told again whenever it is asked for, for
 * clients that fetch one with a password: it is found by its label, and made if
 * there is none that is good.  One that was revoked does not come again. */
bool keys_standing(const struct gateway *g, const struct task *t,
		   const struct text_list *rights, const char *label,
		   struct key *ret, struct err *e);

bool keys_change(const struct gateway *g, const struct task *t,
		 const struct text_list *rights, const char *id,
		 const struct patch *patch, const struct text_list *if_match,
		 struct key *ret, struct revision *rev, struct err *e);

bool keys_revoke(const struct gateway *g, const struct task *t, const char *id,
		 const struct text_list *if_match, struct err *e);

/* All of an owner, of whom more was just changed: ERR_UNKNOWN says that it may
 * not have been done. */
bool keys_revoke_all(const struct gateway *g, const struct task *t,
		     const char *owner, struct err *e);

/* Who gave somebody else a new password did so because the old one, and what
 * was made with it, may be in the wrong hands. */
bool keys_after_change(const struct gateway *g, const struct task *t,
		       enum kind k, const struct patch *p, const void *record,
		       struct err *e);

/* The same where nobody knows whether the password was changed, which stays the
 * answer.  With the gateway's rights, so only for who might take him away with
 * his keys: who could not have written it either gets the same error. */
void keys_after_doubt(const struct gateway *g, const struct task *t,
		      enum kind k, const struct patch *p, const char *key,
		      const struct err *why);

#endif
