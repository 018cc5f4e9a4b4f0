/*
 * rehearsal - a request that does everything but write
 *
 * A task that has one writes nothing.  Its stores have each write checked by
 * the directory, as far as that can be before the writes that come first are
 * done, and note here what it would have been.  Names are looked up in the
 * journal and not claimed, limits are compared and not taken.
 *
 * It lives in the arena of the request.
 */
#ifndef CORE_REHEARSAL_H
#define CORE_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/task.h"

enum { REHEARSAL_WRITES = 1000 }; /* that are noted */

struct step;

struct rehearsal_write {
	struct rehearsal_write *next;
	const char *text; /* as the directory's tools take it, without secrets
			   */
	bool own;         /* of the gateway, not of the caller */
};

struct rehearsal {
	struct arena *arena;
	const void *before, *after; /* the record it is about, of the kind of
				     * the request; NULL: there is none */
	const struct step *steps;   /* of the plan */
	size_t step_count;
	struct rehearsal_write *writes, **next;
	size_t write_count;
	bool more;         /* writes than are noted */
	bool ahead;        /* what comes now would follow on others: it is noted
			    * and not checked */
	const void *known; /* the store's own */
};

struct rehearsal *rehearsal_new(struct arena *a);

/* Whether nothing is to be written. */
bool rehearsal_is(const struct task *t);

/* The same, and the writes before are not done either. */
bool rehearsal_is_ahead(const struct task *t);

/* What the client is told of, records of that size, which are copied; no
 * rehearsal: nothing. */
void rehearsal_show(const struct task *t, const void *before, const void *after,
		    size_t size);

/* Copies the text. */
void rehearsal_note(const struct task *t, const char *text, bool own);

#endif
