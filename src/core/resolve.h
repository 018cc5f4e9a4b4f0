/*
 * resolve - where mail for an address goes, hop by hop
 *
 * Follows addresses as Postfix does with the maps of docs/postfix.md: aliases
 * in aliases, users who forward, alias domains, the catch-all for what has no
 * entry in force, and "+tag", which every hop carries on.  Breadth first, many
 * addresses a search.
 */
#ifndef CORE_RESOLVE_H
#define CORE_RESOLVE_H

#include "core/gateway.h"

enum {
	RESOLVE_HOPS_MAX = 15000, /* that are followed */
	RESOLVE_NESTING = 20,     /* Postfix: virtual_alias_recursion_limit */
	RESOLVE_EXPANSION = 12000 /* Postfix: virtual_alias_expansion_limit */
};

enum hop_kind {
	HOP_USER,
	HOP_ALIAS,
	HOP_CATCH_ALL,
	HOP_ALIAS_DOMAIN, /* nothing but its domain, which stands for another */
	HOP_RELAY,        /* passed on to another server of ours */
	HOP_EXTERNAL,
	HOP_NONE,    /* an address of ours that nobody has */
	HOP_UNKNOWN, /* the caller may not see what it is */
};

enum hop_end { END_NOT, END_MAILBOX, END_ELSEWHERE };

struct hop {
	const char *address;
	enum hop_kind kind;
	const struct signpost *post; /* what `enabled` is of, or NULL */
	struct text_list leads_to;
	const char *problem; /* a word for programs, or NULL */

	/* The rest is for core/resolve.c and core/expansion.c. */
	const struct signpost *mailbox; /* if it ends there */
	struct hop **next; /* those it leads to; NULL where not followed */
	enum hop_end end;
	bool decided;
	bool passes;      /* Postfix takes it and the next one for one */
	const char *back; /* if the circle closes here */
	bool expanded, on_path, walked;
	size_t at; /* of next, while walking */
};

struct trouble {
	const char *code, *address, *detail;
};

enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_UNKNOWN };

struct resolution {
	const char *address;
	enum verdict deliverable; /* taken from outside, and gets somewhere */
	bool complete;            /* everything was followed */
	const struct hop **hops;  /* the first is the address itself */
	size_t hop_count;
	const struct signpost **mailboxes;
	size_t mailbox_count;
	struct text_list external; /* relay domains' addresses, too */
	struct trouble *troubles;
	size_t trouble_count;
};

/* ERR_NOT_FOUND if it is no address, or the caller can see nothing of it. */
bool resolve(const struct gateway *g, const struct task *t, const char *address,
	     struct resolution *ret, struct err *e);

/* Whether mail for what an entry is of would come back to it, were the entry as
 * the signpost says: then *through is an address that leads back.  Of what the
 * caller may not see, and of what is more than RESOLVE_HOPS_MAX, nothing is
 * known. */
bool resolve_returns(const struct gateway *g, const struct task *t,
		     const struct signpost *entry, const char **through,
		     struct err *e);

enum reach {
	REACH_HERE,    /* somebody in our domains takes it, or another server
			* of ours */
	REACH_OUTSIDE, /* in none of the domains the caller may see */
	REACH_NOBODY,  /* in one of them, and nobody takes it */
};

enum { RESOLVE_REACH_MAX = 1000 };

/* Where each address, of at most RESOLVE_REACH_MAX, leads at once. */
bool resolve_reach(const struct gateway *g, const struct task *t,
		   const struct text_list *addresses, enum reach *ret,
		   struct err *e);

enum { RESOLVE_LARGE = 1000 }; /* more hops than nearly all mail takes */

/* How much of a web somebody wants to know who asks for every message. */
struct resolve_bounds {
	size_t mailboxes; /* go no further once so many are known; 0: go on */
	bool external;    /* nor once one is known that leads elsewhere */

	/* Called once, before more than RESOLVE_LARGE hops are looked up; it
	 * may park the fiber.  False: the resolution is not complete. */
	bool (*may_be_large)(void *ctx);
	void *ctx;
};

/* The same for a caller to whom is shown what is in force, and who takes the
 * rest for not there, as a mail server does.  What its bounds end is complete,
 * and what it has of mailboxes and others is there. */
bool resolve_all(const struct gateway *g, const struct task *t,
		 const char *address, const struct resolve_bounds *bounds,
		 struct resolution *ret, struct err *e);

#endif
