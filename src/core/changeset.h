/*
 * changeset - operations of which all are done, or none
 *
 * First each is judged as if those before it had been done, see core/stage.h;
 * then a plan does them, one step each, or undoes what it did, see core/plan.h.
 */
#ifndef CORE_CHANGESET_H
#define CORE_CHANGESET_H

#include "core/provision.h"
#include "core/stage.h"

enum { CHANGESET_MAX = 1000 };

/* A job of its own kind: what finished ones are told by. */
#define CHANGESET_JOB "changeset"

enum changeset_verb {
	CHANGESET_CREATE,
	CHANGESET_REPLACE,
	CHANGESET_CHANGE,
	CHANGESET_REMOVE,
};

struct operation_asked {
	enum changeset_verb verb;
	enum kind kind;
	const char *key;            /* of what is there; NULL: create */
	void *record;               /* what was sent */
	const struct field *fields; /* its members to write */
	size_t field_count;
	const struct field *kept; /* others it names, to be what is there */
	size_t kept_count;
	const struct text_list *if_match; /* or NULL */
};

struct changeset {
	struct stage stage;
	const struct gateway *gateway;
	const struct task *task;
	struct work *works;
	struct step *steps;
	bool *rights; /* somebody has rights by what is deleted */
	size_t count;
	struct text_list failed; /* what could not be judged: what depends on
				    it is not judged either */
	struct plan plan;
};

/* At the place of *ret, which stays where it is. */
void changeset_begin(struct changeset *ret, const struct gateway *g,
		     const struct task *t, size_t most);

/* What an operation finds there, after those before it, which may have `made`
 * it.  `skipped`: as below. */
bool changeset_read(struct changeset *c, enum kind k, const char *key,
		    void *ret, struct revision *rev, bool *made, bool *skipped,
		    struct err *e);

/* Judge one more.  `skipped`: it depends on one that was refused. */
bool changeset_add(struct changeset *c, struct operation_asked *o,
		   bool *skipped, struct err *e);

/* Do them all.  On failure nothing was changed, unless e says otherwise;
 * c->plan.failure has the operation as its step.  ERR_UNKNOWN: c->plan.id is
 * the job that will tell. */
bool changeset_run(struct changeset *c, struct err *e);

/* Leave that to the steward; c->plan.id is the job. */
bool changeset_leave(struct changeset *c, struct err *e);

#endif
