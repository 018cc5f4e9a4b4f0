/*
 * spf - who may send mail of a domain (RFC 7208): its record, and those that it
 * includes
 */
#ifndef CORE_SPF_H
#define CORE_SPF_H

#include "core/resolver.h"
#include "util/network.h"

enum {
	SPF_TERMS_MAX = 128, /* of one record */
	SPF_LOOKUPS_MAX = 10,
};

enum spf_kind {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
	SPF_REDIRECT,
};

struct spf_term {
	enum spf_kind kind;
	char qualifier;         /* one of + - ~ ? */
	const char *domain;     /* that it is about; lower case; or NULL */
	struct network network; /* of SPF_IP4 and SPF_IP6 */
};

struct spf {
	struct spf_term *terms; /* up to "all", which ends it */
	size_t count;
	const char *fault; /* NULL: it is well-formed */
};

/* Whether a TXT record is one. */
bool spf_is(const char *text, size_t size);

/* Of that domain, which stands for itself where a term names none. */
void spf_read(struct arena *a, const char *domain, const char *text,
	      size_t size, struct spf *ret);

/* The same of one term, as in the options.  False: it is none. */
bool spf_term_read(struct arena *a, const char *domain, const char *text,
		   struct spf_term *ret);

/* What comes of a record with all that it includes. */
struct spf_sight {
	unsigned lookups;  /* that a receiver may have to make */
	size_t found;      /* of the terms that were looked for */
	const char *fault; /* in one that it includes; or NULL */
	bool complete;     /* all of it could be read */
};

/* Look for these terms, where they let mail pass. */
void spf_follow(struct resolver *r, struct arena *a, const struct spf *s,
		const struct spf_term *wanted, size_t count, int64_t until,
		struct spf_sight *ret);

#endif
