/*
 * fake_resolver - answers about the DNS out of a table
 */
#ifndef TESTS_FAKE_RESOLVER_H
#define TESTS_FAKE_RESOLVER_H

#include "core/resolver.h"

/* One record; the value is as in a zone, but a text is without quotes and a "|"
 * in it begins another string.  "!" is a failure, "~" says that there is such
 * a name. */
struct fake_record {
	const char *name;
	enum dns_type type;
	const char *value;
};

struct fake_resolver {
	struct resolver port;
	const struct fake_record *records; /* ended by one without a name */
	bool secure;
	unsigned asked, rounds;
};

struct resolver *fake_resolver(struct fake_resolver *f,
			       const struct fake_record *records);

#endif
