/*
 * census - who and what is in the directory, as far as the doctor has to know
 *
 * Read once, and kept: about 300 bytes a user.  What is not as it should be is
 * kept all the same; that is what the doctor looks for.
 */
#ifndef DOCTOR_CENSUS_H
#define DOCTOR_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/field.h"

struct held_domain {
	struct held_domain *next, *bucket;
	const char *name, *kind, *target, *transport;
	const char *id; /* entryUUID */
	bool enabled, verify_recipients;
	int64_t max_users, max_aliases, quota_bytes; /* 0: unlimited */

	/* Counted. */
	int64_t users, aliases, quota_sum;
	int64_t unlimited; /* users without a quota */
	uint64_t told;     /* findings, by bits: for trial.c */
};

struct held_address {
	struct held_address *next, *bucket;
	const char *address;
	struct held_domain *domain; /* NULL: there is none of that name */
	struct text_list destinations, senders;
	const char *mailbox;
	int64_t expires; /* seconds since 1970; 0: never */
	int64_t quota;   /* 0: unlimited */
	bool user, enabled, login_enabled, send_only, sender_allowed;
	bool renamed; /* under way: found by the former address, too */

	bool twice;    /* there was one of this address already */
	uint64_t told; /* findings, by bits: for trial.c */

	/* For loops.c. */
	struct held_address *path;
	size_t at;
	unsigned char colour;
};

/* A DN that stands in a role. */
struct held_role {
	struct held_role *next;
	const char *entry, *role, *dn;
};

/* A DKIM key. */
struct held_key {
	struct held_key *next;
	const char *dn, *above; /* the domain that it stands below */
	const char *domain, *selector, *state, *type;
	const char *name; /* what signers find it by; NULL: it has no key */
	const char *dns;  /* what was seen of its record */
	int64_t created, activated, due; /* seconds since 1970; 0: never */
	bool rotates; /* a number of days says when it gets a successor */
};

/* An error that was found of a DKIM key in the DNS. */
struct held_check {
	struct held_check *next;
	const char *about, *code;
};

struct census {
	struct arena *arena;
	char delimiter; /* of tags: "+" at first; 0: there are none */
	struct held_domain *domains, *last_domain;
	struct held_address *addresses, *last_address;
	struct held_role *roles;
	struct held_key *keys;
	struct held_check *checks;
	int64_t domain_count, user_count, alias_count, key_count;

	/* For census.c. */
	struct held_domain **by_name;
	struct held_address **by_address;
	size_t name_room, address_room;
};

struct census *census_new(void);
void census_free(struct census **c);

/* Zeroed, named in lower case, and found from then on. */
struct held_domain *census_add_domain(struct census *c, const char *name);
struct held_address *census_add_address(struct census *c, const char *address,
					bool user);
void census_add_role(struct census *c, const char *entry, const char *role,
		     const char *dn);

/* Any case of letters; NULL: there is none. */
struct held_domain *census_domain(const struct census *c, const char *name);
struct held_address *census_address(const struct census *c,
				    const char *address);

/* Call when all are there: fills in the domains, and counts. */
void census_complete(struct census *c);

/* Where mail for an address ends. */
enum reach {
	REACH_GOOD,     /* a mailbox, or a server of somebody else */
	REACH_NOBODY,   /* ours, and there is no such address */
	REACH_DISABLED, /* it is there, and takes no mail at present */
};

enum reach census_reach(const struct census *c, const char *address);

/* The entry in force that takes mail for an address: by its own name, without
 * the +tag, in the target of an alias domain, or as a catch-all. */
struct held_address *census_taker(const struct census *c, const char *address);

/* Enabled, and so is the domain. */
bool census_in_force(const struct held_address *h);

#endif
