/*
 * reconcile - counts domains with limits anew when others wrote in them
 *
 * LDAP tools know nothing of tallies, and a gateway that dies leaves counted
 * what it did not write.  So whoever has the lease reads the directory's log:
 * where something was written, by whomever, the counters are raised at once to
 * what is there; and they are made exact as soon as the tally has not changed
 * for so long that everything which was reserved in it is either done or will
 * never be.  Now and then all domains are counted, and at the beginning.
 */
#ifndef CORE_RECONCILE_H
#define CORE_RECONCILE_H

#include "core/address.h"
#include "core/gateway.h"

enum {
	RECONCILE_LOOK = 2000, /* milliseconds between looks: the lag, with what
				* counting takes */
	RECONCILE_ROUND = 3600000, /* between counts of all */
	RECONCILE_BLIND = 300000,  /* the same, where there is no log */
	RECONCILE_WATCHED = 1000,  /* domains at a time */
	RECONCILE_GUARD = 64,
	RECONCILE_POSITION = 64,
};

/* A domain that is to be counted. */
struct suspect {
	char name[ADDRESS_DOMAIN_MAX + 1];
	char guard[RECONCILE_GUARD]; /* of its tally, when that last changed */
	int64_t since;               /* when that was */
	int64_t next;                /* not to be counted earlier */
	bool fresh;                  /* something was just written there */
};

/* Begin with all zero, and so again when another had the lease. */
struct reconcile {
	struct suspect suspects[RECONCILE_WATCHED];
	size_t count;
	size_t turn;                      /* whose it is to be looked at */
	char from[RECONCILE_POSITION];    /* the log is read from here on; */
	char reached[RECONCILE_POSITION]; /* the last look got there */
	int64_t round;                    /* when all were last put down; 0 */
	bool in_round;
	int64_t listed;                     /* when names were last put down */
	char after[ADDRESS_DOMAIN_MAX + 1]; /* the last that was put down */
};

/* A look; it may take a while, and ends early when *stop becomes true.  Times
 * are those of clock_now(). */
bool reconcile_look(struct reconcile *r, const struct gateway *g,
		    const struct task *t, const bool *stop, struct err *e);

#endif
