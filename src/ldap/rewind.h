/*
 * rewind - an entry as it was, by taking back what the log says was done to it
 *
 * With each record the log has what was there before, the entryCSN included:
 * that names the record of the write before.  So writes are taken back one by
 * one, each found by equality, and where one is missing that is known.
 */
#ifndef LDAP_REWIND_H
#define LDAP_REWIND_H

#include "ldap/entry.h"
#include "ldap/map.h"
#include "ldap/store_parts.h"

/* A place in the log: behind that record, whether there is one or not, or
 * before it. */
struct point {
	const char *csn;
	bool before;
};

/* Whether that was written behind it. */
bool point_is_passed(const struct point *p, const char *csn);

struct rewind {
	struct ldap_store *store;
	const struct task *task;
	struct log_reader *log;
	const char *const *want; /* the attributes that are followed */
	struct attribute *attributes;
	size_t count;
	const char *dn;  /* where it is; NULL: nowhere */
	const char *csn; /* of the last write; NULL: not known */
	bool fresh;      /* it was just read: its record may still come */
	struct err err;
};

/* The attributes of such a record, and what it is. */
struct rewind rewind_new(struct ldap_store *s, const struct task *t,
			 const struct map *m);

/* As it is now, by the caller's rights or the gateway's own.  Nowhere: it is
 * not there, or not for him. */
bool rewind_from_entry(struct rewind *r, const char *dn, bool own,
		       struct err *e);

/* As it was when it was deleted by that record. */
bool rewind_from_deletion(struct rewind *r, const char *csn, struct err *e);

/* Nowhere: it was not there yet.  ERR_GONE, "history_out_of_reach": the log
 * does not say; or "history_too_long". */
bool rewind_to(struct rewind *r, const struct point *p, struct err *e);

struct entry rewind_entry(const struct rewind *r);

bool rewind_out_of_reach(struct err *e);

#endif
