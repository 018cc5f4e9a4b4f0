/*
 * history - records as they were, and back to that
 *
 * The directory's own log tells, whoever changed them by whatever way.  Who may
 * read that is who may read the record and the trail of its changes.
 */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include "core/gateway.h"
#include "core/patch.h"

/* One of the two. */
struct moment {
	const char *time;   /* RFC 3339; it may be finer than a second */
	const char *change; /* the id of an audit_record, just done... */
	bool before;        /* ...or about to be done */
};

/* Whether that is a moment in time, and not yet to come, as far as clocks
 * agree. */
bool history_is_time(const char *text);

/* The same of RFC 3339 to the second. */
bool history_has_come(const char *instant);

/* The record that had that key then, or else the one that has it now, with the
 * key it had.  What follows from other records is told as it is now. */
bool history_read(const struct gateway *g, const struct task *t, enum kind k,
		  const char *key, const struct moment *when, void *ret,
		  struct err *e);

/* A change that takes these members from what the record was.  Its key stays,
 * and so does what nobody can read. */
struct reversion {
	struct moment when;
	const struct field *members;
	size_t count;
	const struct text_list *if_match; /* as for provision_change() */
};
bool history_revert(const struct gateway *g, const struct task *t, enum kind k,
		    const char *key, const struct reversion *r, void *ret,
		    struct revision *rev, struct err *e);

#endif
