/*
 * query - which records somebody wants to see
 */
#ifndef CORE_QUERY_H
#define CORE_QUERY_H

#include "core/kind.h"

enum { QUERY_LIMIT_DEFAULT = 100, QUERY_LIMIT_MAX = 1000 };

/* Whether users who have never logged in count among the idle ones. */
enum never { NEVER_TOO, NEVER_ONLY, NEVER_EXCLUDED };

struct query {
	enum kind kind;
	const char *domain;             /* only of this domain; NULL: of all */
	const struct text_list *within; /* only of these; NULL: of all */
	const char *after; /* only what is sorted behind this key, or NULL */
	size_t limit;      /* 1 to QUERY_LIMIT_MAX */

	const char *search;      /* in the key or a user's name; NULL: all */
	bool begins;             /* the key begins so */
	const bool *enabled;     /* what the operator wants; NULL: all */
	const char *domain_kind; /* of domains; NULL: all */

	bool hashes; /* of users, too: for whom may_read_hashes() has said yes
		      */

	/* For core/listing alone. */
	const bool *ok; /* aliases with this verdict; NULL: all */

	/* Only users who were there then (RFC 3339) and have not logged in
	 * since; NULL: all. */
	const char *idle_since;
	int64_t idle_days; /* where that came from */
	enum never never;
};

/* Sorted by key, byte by byte. */
struct page {
	const char
		*records; /* one behind the other, each as large as its kind */
	size_t count;
	bool more;        /* there are others behind the last one */
	const char *last; /* the key to go on behind, if there are more; NULL:
			     that of the last record.  Where looking takes
			     long there may be none on this page, and more */
};

#endif
