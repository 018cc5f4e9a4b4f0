/*
 * journal_parts - what a plan has in the journal beside its steps
 *
 * The records of a change set are JSON in entries below the plan's, sealed with
 * a secret that all gateways of a directory share: a log of changes keeps what
 * is deleted.
 */
#ifndef LDAP_JOURNAL_PARTS_H
#define LDAP_JOURNAL_PARTS_H

#include "core/imports.h"
#include "core/plan.h"
#include "crypto/sealing.h"
#include "ldap/store_parts.h"

struct ldap_journal {
	struct journal port;
	struct ldap_store store; /* for its way to run operations */
	bool has_secret;
	unsigned char secret[SEALING_KEY];
};

static inline struct ldap_journal *journal_self(struct journal *j)
{
	return (struct ldap_journal *)j;
}

bool journal_write_works(struct journal *port, const struct task *t,
			 const struct plan *p, struct err *e);
bool journal_read_works(struct journal *port, const struct task *t,
			struct plan *p, struct err *e);

/* Imports are entries of their own, see ldap/journal_import.c. */
bool journal_write_import(struct journal *port, const struct task *t,
			  struct import_job *job, bool take, struct err *e);
bool journal_read_import(struct journal *port, const struct task *t,
			 const char *id, struct import_job *ret, struct err *e);
bool journal_count_imports(struct journal *port, const struct task *t,
			   const char *caller, size_t *ret, struct err *e);

/* As JSON; NULL for none. */
const char *journal_write_failure(struct arena *a, const struct failure *f);
bool journal_read_failure(struct arena *a, const char *text,
			  struct failure *ret, struct err *e);

/* For tests. */
const char *journal_pack_works(struct arena *a, const struct plan *p,
			       size_t from, size_t *to);
bool journal_unpack_works(struct arena *a, const char *text, struct plan *p,
			  struct work *works, size_t room, struct err *e);

#endif
