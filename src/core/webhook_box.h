/*
 * webhook_box - where webhooks are kept, as the core sees it
 *
 * A port like the store: it acts with the rights of the task's caller, unless
 * said otherwise, and results live in the task's arena.
 */
#ifndef CORE_WEBHOOK_BOX_H
#define CORE_WEBHOOK_BOX_H

#include "core/patch.h"
#include "core/webhook.h"

struct webhook_box;

struct webhook_box_ops {
	/* It is the caller's; the record is replaced by what was stored. */
	bool (*add)(struct webhook_box *b, const struct task *t,
		    struct webhook *w, struct revision *ret, struct err *e);

	/* ERR_NOT_FOUND also if the caller must not see it. */
	bool (*get)(struct webhook_box *b, const struct task *t, const char *id,
		    struct webhook *ret, struct revision *rev, struct err *e);

	/* All that the caller sees, the oldest first; those of one owner, by
	 * his login, unless it is NULL. */
	bool (*list)(struct webhook_box *b, const struct task *t,
		     const char *owner, struct webhook **ret, size_t *count,
		     struct err *e);

	/* Write what differs, provided that nobody wrote since: else
	 * ERR_CHANGED. */
	bool (*change)(struct webhook_box *b, const struct task *t,
		       const struct webhook *old, struct webhook *w,
		       const struct revision *seen, struct revision *ret,
		       struct err *e);

	/* With its state.  ERR_CHANGED: somebody wrote since it was seen (NULL:
	 * whatever its state). */
	bool (*remove)(struct webhook_box *b, const struct task *t,
		       const char *id, const struct revision *seen,
		       struct err *e);

	/* From here on with the gateway's own rights. */

	/* All there are, in any order, and what revision they and their states
	 * are of; without owner and state. */
	bool (*all)(struct webhook_box *b, const struct task *t,
		    struct webhook **ret, size_t *count, struct err *e);

	/* How many of these are of owners in the caller's domain; none if he is
	 * in no domain. */
	bool (*near)(struct webhook_box *b, const struct task *t,
		     const struct webhook *all, size_t count, size_t *ret,
		     struct err *e);

	/* One of them whole; and as whom its owner is told of things, NULL if
	 * he could not log in. */
	bool (*find)(struct webhook_box *b, const struct task *t,
		     const char *id, struct webhook *ret,
		     const struct caller **owner, struct err *e);

	/* guard is NULL where there is none. */
	bool (*state)(struct webhook_box *b, const struct task *t,
		      const char *id, struct webhook_state *ret, struct err *e);

	/* Write it, provided that nobody wrote since it was read: else
	 * ERR_CHANGED.  Its guard is what was written. */
	bool (*keep)(struct webhook_box *b, const struct task *t,
		     const char *id, struct webhook_state *st, struct err *e);
};

struct webhook_box {
	const struct webhook_box_ops *ops;
	bool plain;          /* http is allowed */
	int64_t grace_hours; /* that an old secret signs */
};

#endif
