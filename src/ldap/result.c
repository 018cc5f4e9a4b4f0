#include "ldap/result.h"

#include <ldap.h>
#include <stddef.h>

#include "util/field.h"

static const struct {
	int code;
	enum err_kind kind;
	const char *word;
} meanings[] = {
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
	{LDAP_BUSY, ERR_UNAVAILABLE, "directory_busy"},
	{LDAP_UNAVAILABLE, ERR_UNAVAILABLE, "directory_down"},
	{LDAP_UNWILLING_TO_PERFORM, ERR_UNAVAILABLE, "read_only"},
	{LDAP_OBJECT_CLASS_VIOLATION, ERR_INVALID, "directory_schema"},
	{LDAP_NOT_ALLOWED_ON_NONLEAF, ERR_CONFLICT, "not_empty"},
	{LDAP_ALREADY_EXISTS, ERR_EXISTS, NULL},
	{LDAP_OTHER, ERR_UNKNOWN, "outcome_unknown"},
	{LDAP_ASSERTION_FAILED, ERR_CHANGED, NULL},
};

bool result_failed(struct err *e, int code, const char *what)
{
	for (size_t i = 0; i < COUNT(meanings); i++) {
		if (meanings[i].code == code)
			return err_code(e, meanings[i].kind, meanings[i].word,
					"%s: %s (%d)", what,
					ldap_err2string(code), code);
	}
	return err_set(e, ERR_INTERNAL, "%s: %s (%d)", what,
		       ldap_err2string(code), code);
}
