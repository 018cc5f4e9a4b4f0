/*
 * again - creations that may be asked for again, because their client has not
 * heard what became of them
 *
 * Such a request has an origin (core/task.h).  What it adds carries the
 * origin's mark, so that what an earlier try has made is told from what others
 * have, whatever became of it since; and what we make up for it is made up the
 * same way each time.
 */
#ifndef CORE_AGAIN_H
#define CORE_AGAIN_H

#include "core/gateway.h"
#include "core/keytext.h"
#include "core/plan.h"

/* Before anything is judged: `done` if an earlier try has made the record, or
 * it is completed now; it is replaced by what is there.  Does nothing for a
 * request that comes for the first time. */
bool again_made(const struct gateway *g, const struct task *t, enum kind k,
		void *record, struct revision *ret, bool *done, struct err *e);

/* Whether that record is of this request.  If that cannot be told, e says so;
 * else it is left alone. */
bool again_is_own(const struct gateway *g, const struct task *t, enum kind k,
		  const char *key, struct err *e);

/* The name of the plan that carries a request out, which is its trace where a
 * result has no mark; NULL: any will do. */
const char *again_plan_id(const struct task *t);

/* The plan of a request with an origin, if there is one: `known`. */
bool again_find_plan(const struct gateway *g, const struct task *t,
		     struct plan *ret, bool *known, struct err *e);

/* What such a plan means for who asks once more: `done`, as it is to be told
 * again.  False with what it was refused for, or that it is under way.  What
 * came to nothing through no fault of the request is forgotten, and is to be
 * done anew. */
bool again_judge_plan(const struct gateway *g, const struct task *t,
		      const struct plan *p, bool *done, struct err *e);

/* What was read of a record, in the place of what was sent: but a password that
 * was made up is shown. */
void again_replace(enum kind k, void *record, void *there);

/* A new password, and the text of a key: of the request, or random. */
const char *again_password(const struct task *t);
void again_keytext(const struct task *t, struct keytext *ret);

#endif
