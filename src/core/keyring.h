/*
 * keyring - where API keys are kept, as the core sees it
 *
 * A port like the store: it acts with the rights of the task's caller, unless
 * said otherwise, and results live in the task's arena.
 */
#ifndef CORE_KEYRING_H
#define CORE_KEYRING_H

#include "core/key.h"
#include "core/keytext.h"
#include "core/store.h"

struct keyring;

struct keyring_ops {
	/* The record is replaced by what was stored; if it was there, that is
	 * told, and it stays whatever fails.  That the text is right
	 * is stored with the gateway's own rights.  ERR_NOT_FOUND: there is no
	 * such owner, or the caller must not know. */
	bool (*add)(struct keyring *r, const struct task *t, struct key *k,
		    const struct keytext *text, struct revision *ret,
		    struct err *e);

	/* The key that its holder proves by what another program gave him: its
	 * text follows from that and the owner, so that nothing else has to be
	 * kept.  False: that is no such text. */
	bool (*adopt)(const char *owner, const char *foreign,
		      struct keytext *ret);

	/* ERR_NOT_FOUND also if the caller must not see it. */
	bool (*get)(struct keyring *r, const struct task *t, const char *id,
		    struct key *ret, struct revision *rev, struct err *e);

	/* All of an owner that the caller sees, the oldest first. */
	bool (*list)(struct keyring *r, const struct task *t, const char *owner,
		     struct key **ret, size_t *count, struct err *e);

	/* Write what differs, provided that nobody wrote since: else
	 * ERR_CHANGED. */
	bool (*change)(struct keyring *r, const struct task *t,
		       const struct key *old, struct key *k,
		       const struct revision *seen, struct revision *ret,
		       struct err *e);

	/* Who may take a user away may take his keys, which he does not see.
	 * ERR_NOT_FOUND: it is gone, or the caller must not know; ERR_CHANGED:
	 * somebody wrote since it was seen (NULL: whatever its state). */
	bool (*remove)(struct keyring *r, const struct task *t, const char *id,
		       const char *owner, const struct revision *seen,
		       struct err *e);

	/* With the gateway's own rights: whose it is, NULL if it is nobody's;
	 * how many an owner has; and all of them are removed. */
	bool (*owner)(struct keyring *r, const struct task *t, const char *id,
		      const char **ret, struct err *e);
	bool (*count)(struct keyring *r, const struct task *t,
		      const char *owner, size_t *ret, struct err *e);
	bool (*revoke)(struct keyring *r, const struct task *t,
		       const char *owner, struct err *e);
};

struct keyring {
	const struct keyring_ops *ops;
};

#endif
