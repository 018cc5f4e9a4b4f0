/*
 * operation - what is asked of the directory, and how libldap is told
 */
#ifndef LDAP_OPERATION_H
#define LDAP_OPERATION_H

#include <ldap.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum operation_kind {
	OPERATION_SEARCH,
	OPERATION_ADD,
	OPERATION_MODIFY,
	OPERATION_DELETE,
	OPERATION_RENAME,
	OPERATION_BIND,
};

/* Called for each entry found, on the loop's own stack: it must not wait. */
typedef void entry_fn(void *ctx, LDAP *ld, LDAPMessage *entry);

/* The directory has a limit for who does not say how many he wants. */
enum { OPERATION_ALL = INT_MAX };

struct operation {
	enum operation_kind kind;
	const char *dn;          /* base of a search, else the entry */
	int scope;               /* SEARCH: LDAP_SCOPE_... */
	const char *filter;      /* SEARCH; NULL: everything */
	const char *const *want; /* SEARCH: attributes, ended by NULL */
	LDAPMod **mods;          /* ADD, MODIFY */
	const char *password;    /* BIND */
	const char *name;        /* RENAME: the new one, its last part */
	bool renames;       /* with a parent: the old name is taken out, too */
	const char *parent; /* RENAME: the new one; NULL: it stays, and the
			     * value of the old name goes */
	int limit;          /* SEARCH: entries; 0: as many as are sent to
			     * who does not say; or OPERATION_ALL */
	LDAPControl **controls; /* or NULL */
	entry_fn *each;         /* SEARCH */
	void *ctx;
	int64_t idle; /* SEARCH: milliseconds without an entry until it is given
		       * up before its deadline; 0: none but the deadline */

	int64_t patience; /* SEARCH: seconds until slapd ends it and says so; 0:
			   * when nobody waits for it any more */

	bool first; /* SEARCH: the first server alone is asked */

	int result;          /* LDAP result code */
	LDAPControl **reply; /* released with the arena; NULL if none */
};

bool operation_reads(enum operation_kind k);

/* Write it to the connection; returns what libldap says, and the number that
 * the answers will have. */
int operation_send(LDAP *ld, const struct operation *op, int64_t deadline,
		   int *msgid);

/* libldap takes these without const, and only reads them. */
char **operation_names(const char *const *list);

#endif
