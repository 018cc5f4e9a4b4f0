#include "ldap/result.h"

#include <ldap.h>
#include <stddef.h>

#include "util/field.h"
#include "util/log.h"

struct meaning {
	int code;
	enum err_kind kind;
	const char *word;
};

/* Of a referral (10) nothing is followed: credentials would go to whoever the
 * directory names.  What is not here is our own fault: we asked for something
 * we should not have. */
static const struct meaning meanings[] = {
	{LDAP_TIMELIMIT_EXCEEDED, ERR_TIMEOUT, "directory_slow"},
	{LDAP_SIZELIMIT_EXCEEDED, ERR_INTERNAL, NULL},
	{LDAP_ADMINLIMIT_EXCEEDED, ERR_TIMEOUT, "directory_limit"},
	{LDAP_NO_SUCH_ATTRIBUTE, ERR_CHANGED, NULL},
	{LDAP_UNDEFINED_TYPE, ERR_INTERNAL, NULL},
	{LDAP_CONSTRAINT_VIOLATION, ERR_INVALID, "directory_constraint"},
	{LDAP_TYPE_OR_VALUE_EXISTS, ERR_CHANGED, NULL},
	{LDAP_INVALID_SYNTAX, ERR_INVALID, "directory_syntax"},
	{LDAP_NO_SUCH_OBJECT, ERR_NOT_FOUND, NULL},
	{LDAP_INVALID_CREDENTIALS, ERR_UNAUTHENTICATED, NULL},
	{LDAP_INSUFFICIENT_ACCESS, ERR_DENIED, NULL},
	{LDAP_PROXIED_AUTHORIZATION_DENIED, ERR_DENIED, NULL},
	{LDAP_X_PROXY_AUTHZ_FAILURE, ERR_DENIED, NULL},
	{LDAP_BUSY, ERR_UNAVAILABLE, "directory_busy"},
	{LDAP_UNAVAILABLE, ERR_UNAVAILABLE, "directory_down"},
	{LDAP_UNWILLING_TO_PERFORM, ERR_UNAVAILABLE, "unavailable"},
	{LDAP_OBJECT_CLASS_VIOLATION, ERR_INVALID, "directory_schema"},
	{LDAP_NOT_ALLOWED_ON_NONLEAF, ERR_CONFLICT, "not_empty"},
	{LDAP_ALREADY_EXISTS, ERR_EXISTS, NULL},
	{LDAP_OTHER, ERR_UNAVAILABLE, "unavailable"},
	{LDAP_ASSERTION_FAILED, ERR_CHANGED, NULL},
};

/* A replica refers to the directory that is written to; one that is read-only
 * is unwilling.  Of whatever went wrong in the middle of a write, slapd says
 * "other". */
static const struct meaning of_writes[] = {
	{LDAP_REFERRAL, ERR_UNAVAILABLE, "read_only"},
	{LDAP_UNWILLING_TO_PERFORM, ERR_UNAVAILABLE, "read_only"},
	{LDAP_OTHER, ERR_UNKNOWN, "directory_failed"},
};

static const struct meaning *find(const struct meaning *table, size_t count,
				  int code)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].code == code)
			return &table[i];
	}
	return NULL;
}

/* The directory does not let us act for our callers: nobody can do anything
 * until an operator sees to it. */
static void raise_alarm(int code)
{
	if (code == LDAP_PROXIED_AUTHORIZATION_DENIED ||
	    code == LDAP_X_PROXY_AUTHZ_FAILURE)
		log_event(LOG_ERR, "alarm", "reason",
			  "the directory does not let the gateway act for its "
			  "callers",
			  NULL);
}

static bool set(struct err *e, const struct meaning *m, int code,
		const char *what)
{
	raise_alarm(code);
	return err_code(e, m != NULL ? m->kind : ERR_INTERNAL,
			m != NULL ? m->word : NULL, "%s: %s (%d)", what,
			ldap_err2string(code), code);
}

bool result_failed(struct err *e, int code, const char *what)
{
	return set(e, find(meanings, COUNT(meanings), code), code, what);
}

bool result_of(const struct operation *op, const char *what, struct err *e)
{
	const struct meaning *m = NULL;

	if (!operation_reads(op->kind))
		m = find(of_writes, COUNT(of_writes), op->result);
	return m != NULL ? set(e, m, op->result, what)
			 : result_failed(e, op->result, what);
}
