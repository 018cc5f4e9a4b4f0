/*
 * journal - where plans are kept while they are carried out
 *
 * A port like the store, which works with the gateway's own rights, and shared
 * by all gateways of a directory.  Results live in the task's arena.
 */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include "core/task.h"
#include "util/err.h"
#include "util/field.h"

struct journal;
struct plan;
struct import_job;

struct journal_ops {
	/* ERR_EXISTS if there is one of that id, ERR_CONFLICT if another has
	 * one of its names.  Sets guard and written, as update does. */
	bool (*write)(struct journal *j, const struct task *t, struct plan *p,
		      struct err *e);

	/* Position, state, holder, names, failure and when it expires, provided
	 * that nobody wrote since the guard was read: else ERR_CHANGED. */
	bool (*update)(struct journal *j, const struct task *t, struct plan *p,
		       struct err *e);

	/* Whoever wrote it since; fine if it is gone. */
	bool (*remove)(struct journal *j, const struct task *t, const char *id,
		       struct err *e);

	bool (*read)(struct journal *j, const struct task *t, const char *id,
		     struct plan *ret, struct err *e);

	/* The works and the login of a plan that was just written, in several
	 * entries below its own, and back: all, or none. */
	bool (*write_works)(struct journal *j, const struct task *t,
			    const struct plan *p, struct err *e);
	bool (*read_works)(struct journal *j, const struct task *t,
			   struct plan *p, struct err *e);

	/* All plans that are not over, without what has no steps. */
	bool (*list)(struct journal *j, const struct task *t, struct plan **ret,
		     size_t *count, struct err *e);

	/* Whether a plan has this name or, of an address, its domain's. */
	bool (*is_claimed)(struct journal *j, const struct task *t,
			   const char *name, bool *ret, struct err *e);

	/* Whether any has one of these addresses, or one of their domains. */
	bool (*any_claimed)(struct journal *j, const struct task *t,
			    const struct text_list *addresses, bool *ret,
			    struct err *e);

	/* How many jobs of that identity are not over. */
	bool (*count_jobs)(struct journal *j, const struct task *t,
			   const char *caller, size_t *ret, struct err *e);

	/* Forget some that expired before `now` (RFC 3339).  `more`: call
	 * again. */
	bool (*forget_jobs)(struct journal *j, const struct task *t,
			    const char *now, bool *more, struct err *e);

	/* Whether anything is in a domain that was retired to that plan. */
	bool (*retired_any)(struct journal *j, const struct task *t,
			    const char *id, const char *domain, bool *ret,
			    struct err *e);

	/* Delete what is below that plan, about so many entries. */
	bool (*purge)(struct journal *j, const struct task *t, const char *id,
		      unsigned limit, bool *more, struct err *e);

	/* Add it, if it is not known, else write what changes of it, provided
	 * that it has its holder: else ERR_CHANGED.  `take`: write that holder
	 * and when it expires alone, whoever had it. */
	bool (*write_import)(struct journal *j, const struct task *t,
			     struct import_job *job, bool take, struct err *e);
	bool (*read_import)(struct journal *j, const struct task *t,
			    const char *id, struct import_job *ret,
			    struct err *e);

	/* How many of that identity are kept. */
	bool (*count_imports)(struct journal *j, const struct task *t,
			      const char *caller, size_t *ret, struct err *e);
};

struct journal {
	const struct journal_ops *ops;
};

#endif
