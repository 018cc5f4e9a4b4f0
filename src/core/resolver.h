/*
 * resolver - what the DNS says, as the core sees it
 *
 * src/dns implements this; tests answer from a table.
 */
#ifndef CORE_RESOLVER_H
#define CORE_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"

struct network;

enum dns_type {
	DNS_A,
	DNS_AAAA,
	DNS_CNAME,
	DNS_MX,
	DNS_TXT,
	DNS_SRV,
	DNS_SOA,
};

enum dns_outcome {
	DNS_FOUND,
	DNS_NOTHING, /* the name is there, or may be, without such records */
	DNS_NO_NAME, /* nor is the name */
	DNS_FAILED,  /* nobody knows; see detail */
};

struct dns_record {
	const char *name;      /* what an MX, SRV or CNAME names: lower case, no
				  dot at the end; "" is the root */
	const char *text;      /* of TXT: its strings, joined */
	size_t size;           /* of text, which may hold any bytes */
	size_t strings;        /* how many there were */
	unsigned preference;   /* of MX, and priority of SRV */
	unsigned weight, port; /* of SRV */
	const struct network *address; /* of A and AAAA */
};

struct dns_question {
	const char *name; /* A-labels, lower case, without a dot at the end */
	enum dns_type type;

	/* The answer. */
	enum dns_outcome outcome;
	bool secure;  /* a resolver that we trust with it has validated it */
	bool aliased; /* it is of the name that an alias leads to */
	const char *detail; /* of DNS_FAILED: why */
	struct dns_record *records;
	size_t count;
};

struct resolver;

struct resolver_ops {
	/* Answer all of the questions, side by side as far as that is admitted,
	 * until that time by clock_now(): then those that are left have failed.
	 * Parks the fiber. */
	void (*ask)(struct resolver *r, struct arena *a,
		    struct dns_question *questions, size_t count,
		    int64_t until);

	/* Whether it says of answers that they are secure. */
	bool (*validates)(struct resolver *r);
};

struct resolver {
	const struct resolver_ops *ops;
};

#endif
