/*
 * trash - what was deleted and may be restored for a while
 *
 * Users, aliases and domains are put aside whole, below an entry of the journal
 * that says what it is, whose, and for how long.  What is there is nobody's: it
 * takes no mail, no login, no name and no room.
 */
#ifndef CORE_TRASH_H
#define CORE_TRASH_H

#include "core/gateway.h"

/* What a job says that it is about. */
#define TRASH_JOB "restore"

/* All but `record` is text; times are RFC 3339. */
struct trashed {
	const char *id;        /* the record's own */
	const char *kind;      /* its noun */
	const char *key;       /* the address or name it had */
	const char *domain;    /* that it was in, or was */
	const char *domain_id; /* which one of that name; the store's */
	const char *by;        /* login of who deleted it */
	const char *at, *until;
	const char *sponsor_identity; /* of a domain, or NULL */
	void *record;                 /* what it was; NULL: not asked for */
};

struct trash_query {
	const char *kind;               /* noun; NULL: any */
	const char *domain;             /* NULL: any */
	const struct text_list *within; /* only of these domains; NULL: all */
	const char *after;              /* a place that trash_place() told */
	const char *now; /* what is kept until then is not told */
	size_t limit;
};

/* What is kept for the shortest time comes first. */
struct trash_page {
	struct trashed *items;
	size_t count;
	bool more;
};

enum { TRASH_ITEMS_MAX = 1000 };

/* Where it stands in a list. */
const char *trash_place(struct arena *a, const struct trashed *x);

/* KIND_COUNT: no such thing. */
enum kind trash_kind(const char *noun);

/* Until when what is deleted now is kept; NULL: it is not. */
const char *trash_until(const struct gateway *g, const struct task *t);

/* Keep a record until then, if it is to be kept and can be: else it stays where
 * it is.  It is what was put aside. */
bool trash_put(const struct gateway *g, const struct task *t, enum kind k,
	       void *record, const struct revision *seen, const char *until,
	       bool *kept, struct err *e);

/* Remove a record as the store's remove() does, but keep it until then.  What
 * cannot be kept is removed all the same. */
bool trash_remove(const struct gateway *g, const struct task *t, enum kind k,
		  void *record, const struct revision *seen, const char *until,
		  struct err *e);

bool trash_list(const struct gateway *g, const struct task *t,
		struct trash_query *q, struct trash_page *ret, struct err *e);

/* With what it was. */
bool trash_read(const struct gateway *g, const struct task *t, const char *id,
		struct trashed *ret, struct err *e);

/* Back to where it was, as if it were made anew: whatever would refuse that
 * refuses this. */
bool trash_restore(const struct gateway *g, const struct task *t,
		   const char *id, struct trashed *ret, struct err *e);

/* It is not kept any longer. */
bool trash_purge(const struct gateway *g, const struct task *t, const char *id,
		 struct err *e);

/* The steward's: clear away some of what is overdue.  `more`: call again. */
bool trash_clear(const struct gateway *g, const struct task *t, const char *now,
		 bool *more, struct err *e);

#endif
