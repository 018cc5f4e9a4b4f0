/*
 * dkim_ring - the ports of DKIM keys: where they are kept, and what makes them
 */
#ifndef CORE_DKIM_RING_H
#define CORE_DKIM_RING_H

#include "core/dkim.h"
#include "core/store.h"

struct dkim_ring;

/* Whose rights count: the caller's, or the gateway's own. */
enum dkim_as { DKIM_AS_CALLER, DKIM_AS_GATEWAY };

/* What is stored of a private key, and the record of the public one. */
struct dkim_made {
	const char *stored; /* PEM, or sealed */
	const char *record, *type;
	int64_t bits;
};

struct dkim_list {
	struct dkim_key *items;
	struct revision *seen;
	size_t count;
};

/* Like the store: results live in the task's arena, and ERR_NOT_FOUND also says
 * that the caller must not see it. */
struct dkim_ring_ops {
	/* Without its key, which equip() adds. */
	bool (*add)(struct dkim_ring *r, const struct task *t, enum dkim_as as,
		    struct dkim_key *k, struct revision *ret, struct err *e);

	/* With the gateway's own rights; it reads no private key. */
	bool (*equip)(struct dkim_ring *r, const struct task *t,
		      const struct dkim_key *k, const struct dkim_made *made,
		      struct err *e);
	bool (*erase)(struct dkim_ring *r, const struct task *t,
		      const struct dkim_key *k, struct err *e);

	bool (*get)(struct dkim_ring *r, const struct task *t, enum dkim_as as,
		    const char *domain, const char *selector,
		    struct dkim_key *ret, struct revision *rev, struct err *e);

	/* All of a domain, the oldest first. */
	bool (*list)(struct dkim_ring *r, const struct task *t, enum dkim_as as,
		     const char *domain, struct dkim_list *ret, struct err *e);

	/* Write what differs, provided that nobody wrote since: else
	 * ERR_CHANGED. */
	bool (*change)(struct dkim_ring *r, const struct task *t,
		       enum dkim_as as, const struct dkim_key *old,
		       struct dkim_key *k, const struct revision *seen,
		       struct revision *ret, struct err *e);

	bool (*remove)(struct dkim_ring *r, const struct task *t,
		       enum dkim_as as, const struct dkim_key *k,
		       const struct revision *seen, struct err *e);

	/* With the gateway's own rights: some of those whose time (RFC 3339)
	 * has come, as far as can be those that have waited for longest. */
	bool (*due)(struct dkim_ring *r, const struct task *t, const char *now,
		    struct dkim_list *ret, struct err *e);
};

struct dkim_ring {
	const struct dkim_ring_ops *ops;
};

struct dkim_maker;

struct dkim_maker_ops {
	/* A new key of k's type and bits or, if it brings one, what that is:
	 * ERR_INVALID if it is none.  May park the fiber; ERR_LIMIT when too
	 * many are being made. */
	bool (*make)(struct dkim_maker *m, const struct task *t,
		     const struct dkim_key *k, struct dkim_made *ret,
		     struct err *e);
};

struct dkim_maker {
	const struct dkim_maker_ops *ops;
};

/* How a rotation goes, in seconds but for the days. */
struct dkim_terms {
	int64_t poll_seconds;  /* between looks at the DNS */
	int64_t wait_seconds;  /* from the first sight of a record until its key
				* signs: resolvers remember that there was none
				*/
	int64_t grace_seconds; /* a retired key's record is needed */
	int64_t rotate_days;   /* a key signs; 0: for ever */
};

/* Of a gateway. */
struct dkim {
	struct dkim_ring *ring;
	struct dkim_maker *maker;
	const struct dkim_terms *terms;
};

#endif
