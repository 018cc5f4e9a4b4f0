/*
 * audit - the trail of changes: who changed what, and what it was before
 *
 * The directory writes it, whoever changes something by whatever way; we read
 * it, and seal it.
 */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include "core/kind.h"

struct audit_query {
	const char *object;  /* address, domain or login; NULL: any */
	const char *domain;  /* in it, or itself; NULL: any */
	const char *actor;   /* login or service; NULL: anybody */
	const char *since;   /* RFC 3339, from then on; or NULL */
	const char *until;   /* RFC 3339, before that; or NULL */
	const char *request; /* X-Request-Id; or NULL */
	const char *after;   /* id behind which to go on; or NULL */
	size_t limit;
};

/* What became of one attribute. */
struct audit_change {
	const char *attribute;     /* NULL: some secret */
	const struct field *field; /* the member of the record; or NULL */
	bool secret;               /* its values are not told */
	struct text_list before, after;
};

struct audit_record {
	const char *id;         /* opaque; grows with time */
	const char *time;       /* RFC 3339 */
	const char *action;     /* "create", "change", "delete", "rename" or
				   "restore" */
	const char *actor;      /* login, or name of a service */
	const char *actor_kind; /* "user", "principal", "service", "directory"
				 */

	/* How it was asked for; NULL where nothing is known of it. */
	const char *request, *source, *key, *trace;
	const char *proof; /* "ldap": by an LDAP tool; "job": by a gateway
			      itself */

	const char *sort;       /* "user", "domain", ... or "other" */
	enum kind kind;         /* KIND_COUNT: none that we have tables for */
	const char *object;     /* address, name or login */
	const char *domain;     /* that it is in; or NULL */
	const char *renamed_to; /* or NULL */
	struct audit_change *changes;
	size_t change_count;
};

struct audit_page {
	struct audit_record *records; /* newest first */
	size_t count;
	const char *last; /* up to where was looked; NULL: nowhere */
	bool more;        /* there may be more behind that */
};

/* How far the trail is sealed; begin with all zero. */
struct audit_head {
	bool known;
	int64_t number;   /* of the newest seal; 0: there is none */
	char digest[65];  /* of it, in hexadecimal */
	char reached[64]; /* its last record */
};

#endif
