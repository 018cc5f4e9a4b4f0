/*
 * publish - what a domain should have in the DNS, by what the installation is
 */
#ifndef CORE_PUBLISH_H
#define CORE_PUBLISH_H

#include "core/domain.h"
#include "core/resolver.h"

/* What the operator says; NULL: nothing.  Several have blanks between. */
struct checkup_settings {
	const char *mx;              /* names of our servers, the best first */
	const char *mx_networks;     /* where their addresses are */
	const char *spf;             /* terms that let our servers send */
	const char *dmarc;           /* the record we recommend */
	const char *tls_rpt;         /* URI that reports on TLS go to */
	const char *mta_sts_host;    /* serves the policies of MTA-STS */
	const char *mta_sts_mode;    /* "enforce", "testing" or "none" */
	const char *mta_sts_mx;      /* patterns of our servers; NULL: mx */
	int64_t mta_sts_max_age;     /* seconds that a policy is kept */
	const char *autoconfig_host; /* tells mail clients what to use */
	const char *imap_host, *pop3_host, *smtp_host; /* where a domain names
							  none */
	const char *blocklists; /* zones of DNS block lists */
	const char *proof;      /* "yes": who is no super administrator
				   proves his control of a domain */
	int64_t hours, minutes; /* between checks: where all is well, and
				   where it is not */
};

enum { CHECKUP_NAMES_MAX = 10 }; /* in one of these */

/* False, with e set, unless the settings can work; the arena is for trying. */
bool checkup_settings_check(struct arena *a, const struct checkup_settings *set,
			    struct err *e);

/* The words of a setting. */
struct text_list checkup_words(struct arena *a, const char *setting);

/* The policy of MTA-STS (RFC 8461), the same for all domains; NULL: none. */
const char *publish_policy(struct arena *a, const struct checkup_settings *set);

/* A DKIM key that a domain has. */
struct published_key {
	const char *selector;
	const char *state;  /* as in core/dkim.h */
	const char *record; /* of the public key */
};

struct publication {
	const struct checkup_settings *set;
	const struct domain *domain;
	const struct published_key *keys;
	size_t key_count;
	const char *challenge; /* NULL: nothing is to be proved */
};

/* One record. */
struct wish {
	const char *purpose; /* the name of the check that looks at it */
	const char *name;    /* whose record it is, without a dot at the end */
	enum dns_type type;  /* MX, TXT, CNAME or SRV */
	const char *target;  /* of all but TXT */
	const char *text;    /* of TXT */
	unsigned preference, weight, port;
	const char *key_state; /* of a DKIM key; or NULL */
};

struct wishes {
	struct wish *items;
	size_t count;
};

void publish_wishes(struct arena *a, const struct publication *p,
		    struct wishes *ret);

/* What is behind the type in a zone, but for a dot at the end of names. */
const char *publish_value(struct arena *a, const struct wish *w);

const char *publish_type(enum dns_type type);

/* What proves the control of a domain: the name of a TXT record, and it. */
#define PUBLISH_CHALLENGE "_provost-challenge"
const char *publish_challenge(struct arena *a, const struct domain *d);

#endif
