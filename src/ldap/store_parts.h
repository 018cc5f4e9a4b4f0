/*
 * store_parts - what the files that make up the store share
 */
#ifndef LDAP_STORE_PARTS_H
#define LDAP_STORE_PARTS_H

#include "core/store.h"
#include "ldap/control.h"
#include "ldap/session.h"

enum { SWEEPS = 256, SWEEP_LEVELS = 24 };

/* Where a list that is too long to be looked through went on last. */
struct sweep_memory {
	uint64_t place;              /* its base and its filter, as a number */
	size_t depth;                /* letters; 0: it is short */
	size_t rare;                 /* letters that are asked for together */
	int64_t scan_until;          /* by clock_now(): no index helps */
	char text[SWEEP_LEVELS];     /* how the last ones begin */
	uint64_t seen[SWEEP_LEVELS]; /* letters that others went on with */
};

struct ldap_store {
	struct store port;
	struct session *session;
	struct session *reading; /* where it is read for others, if it is up;
				  * NULL: there is none */
	struct session *adding;  /* the same, where it is added for others */
	const struct ldap_settings *set;
	int64_t usage_looked; /* when it was last found out whether... */
	bool usage_there;     /* ...anything was ever measured */
	int64_t number_next, number_end; /* of numbers that are ours to give */
	bool number_taking;              /* somebody is getting more of them */
	struct sweep_memory sweeps[SWEEPS];
};

struct ldap_store *store_self(struct store *s);

/* Controls of an operation with the caller's rights. */
struct controls store_as_caller(const struct task *t);

/* A failed trial that changes nothing: whatever became of it is known. */
bool store_nothing_done(struct err *e);

/* The first value of an attribute, NULL if none, or no such entry; with the
 * gateway's own rights. */
bool store_look(struct ldap_store *s, const struct task *t, const char *dn,
		const char *attribute, const char **ret, struct err *e);

/* Run it within so many seconds, at most; results other than success are
 * errors.  `what` says what was attempted. */
bool store_run(struct ldap_store *s, const struct task *t, struct operation *op,
	       int64_t seconds, const char *what, struct err *e);

#endif
