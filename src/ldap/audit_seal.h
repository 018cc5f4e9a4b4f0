/*
 * audit_seal - seals of the log of changes, and what a record's digest is
 *
 * A seal names the records it covers, each with its digest, and has the digest
 * of the seal before it.  So who changes, removes or adds a record has to make
 * this seal anew and all behind it.
 */
#ifndef LDAP_AUDIT_SEAL_H
#define LDAP_AUDIT_SEAL_H

#include <stdbool.h>

#include "crypto/digest.h"
#include "ldap/entry.h"
#include "util/field.h"

enum {
	SEAL_RECORDS = 256,             /* at most, in one */
	SEAL_HEX = DIGEST_SIZE * 2 + 1, /* of a digest as text */
};

struct seal {
	int64_t number;
	const char *from, *to; /* entryCSN: behind the one, up to the other */
	const char *time;      /* generalized */
	const char *previous, *digest;
	struct text_list records; /* "CSN DIGEST PLACE" each, oldest first */
};

/* What stands for the digest before the first seal. */
extern const char seal_none[SEAL_HEX];

/* The one it should have. */
void seal_digest(const struct seal *s, char ret[SEAL_HEX]);

/* Whether two of them are the same; they are no secrets. */
bool seal_same(const char *one, const char *other);

/* The attributes of a record that count, ended by NULL. */
extern const char *const seal_counted[];

/* Of a record of the log: everything that the gateway may read of it. */
void seal_record_digest(const struct entry *en, char ret[SEAL_HEX]);

/* Where a record was written: the name of a domain, also of one that is being
 * deleted, or "=" and the part of the directory. */
const char *seal_place(struct arena *a, const char *base, const char *dn);

/* Where the gateways' own plans are: nobody's news. */
extern const char seal_journal[];

/* One record of a seal. */
struct seal_line {
	const char *csn, *digest, *place;
};
bool seal_line_read(struct arena *a, const char *text, struct seal_line *ret);

/* A seal out of the directory, and into it. */
extern const char *const seal_wanted[];
bool seal_read(const struct entry *en, struct arena *a, struct seal *ret,
	       struct err *e);
const char *seal_parent(struct arena *a, const char *base);
const char *seal_dn(struct arena *a, const char *base, int64_t number);
LDAPMod **seal_add(struct arena *a, const struct seal *s);

#endif
