/*
 * requests - what clients sent with a key of their own, and what was answered
 *
 * A client that does not hear what became of a request sends it again with the
 * same key, perhaps to another gateway.  So what was answered is kept where all
 * gateways find it, readable by nobody: what is kept of a request can be opened
 * by who has its key.  A port like the store, which works with the gateway's
 * own rights.
 */
#ifndef CORE_REQUESTS_H
#define CORE_REQUESTS_H

#include "core/kind.h"
#include "core/task.h"

struct requests;

/* What comes with a key. */
struct asked {
	const char *key;  /* what the client calls it, and nobody else does */
	const char *what; /* method, path and parameters */
	const void *body;
	size_t body_size;
	int64_t stale_millis; /* who answers it and is silent for that long is
			       * taken for dead */
	bool look;            /* it is known to be there */
};

enum claim_state {
	CLAIM_OURS,     /* answer it, and keep() or leave() it */
	CLAIM_ANSWERED, /* it was; here is what was answered */
	CLAIM_BUSY,     /* somebody else is just doing that */
	CLAIM_OTHER,    /* that key was used for something else */
};

struct claim {
	enum claim_state state;
	struct origin origin; /* for the task that answers it */
	const char *id, *holder;
	const unsigned char *seal; /* what the answer is sealed with */
	const char *answer;
};

struct requests_ops {
	/* The caller's request of that key, which this makes ours unless it is
	 * known.  ERR_RATE if too many of his are kept already. */
	bool (*claim)(struct requests *r, const struct task *t,
		      const struct asked *asked, struct claim *ret,
		      struct err *e);

	/* What is made up for the caller under that name, the same each time;
	 * nothing is kept of it. */
	bool (*origin)(struct requests *r, const struct task *t,
		       const char *key, struct origin *ret, struct err *e);

	/* It was answered, and is answered so from now on.  An answer that
	 * another has given meanwhile stays. */
	bool (*keep)(struct requests *r, const struct task *t,
		     const struct claim *c, const char *answer, struct err *e);

	/* It has no answer.  `doubt`: what was asked may be done, or half of
	 * it; else it is as if it had never been asked. */
	bool (*leave)(struct requests *r, const struct task *t,
		      const struct claim *c, bool doubt, struct err *e);

	/* Where the record is that was added with that mark: its key, "" if it
	 * is out of reach, as what was deleted and can be restored is, or NULL
	 * if there is none. */
	bool (*made)(struct requests *r, const struct task *t, enum kind k,
		     const char *mark, const char **key, struct err *e);

	/* Drop some of what is not to be known after `now` (RFC 3339).
	 * `more`: call again. */
	bool (*forget)(struct requests *r, const struct task *t,
		       const char *now, bool *more, struct err *e);
};

struct requests {
	const struct requests_ops *ops;
};

#endif
