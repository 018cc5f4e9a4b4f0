#include <ldap.h>

#include "ldap/result.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static const struct {
	int code;
	enum err_kind kind;
} cases[] = {
	{LDAP_NO_SUCH_OBJECT, ERR_NOT_FOUND},
	{LDAP_ALREADY_EXISTS, ERR_EXISTS},
	{LDAP_INSUFFICIENT_ACCESS, ERR_DENIED},
	{LDAP_PROXIED_AUTHORIZATION_DENIED, ERR_DENIED},
	{LDAP_INVALID_CREDENTIALS, ERR_UNAUTHENTICATED},
	{LDAP_ASSERTION_FAILED, ERR_CHANGED},
	{LDAP_NOT_ALLOWED_ON_NONLEAF, ERR_CONFLICT},
	{LDAP_CONSTRAINT_VIOLATION, ERR_INVALID},
	{LDAP_INVALID_SYNTAX, ERR_INVALID},
	{LDAP_OBJECT_CLASS_VIOLATION, ERR_INVALID},
	{LDAP_BUSY, ERR_UNAVAILABLE},
	{LDAP_UNAVAILABLE, ERR_UNAVAILABLE},
	{LDAP_TIMELIMIT_EXCEEDED, ERR_TIMEOUT},
	{LDAP_ADMINLIMIT_EXCEEDED, ERR_TIMEOUT},
	{LDAP_UNWILLING_TO_PERFORM, ERR_UNAVAILABLE},
	{LDAP_OTHER, ERR_UNAVAILABLE},
	/* We asked for something we should not have. */
	{LDAP_PROTOCOL_ERROR, ERR_INTERNAL},
	{LDAP_UNDEFINED_TYPE, ERR_INTERNAL},
	{LDAP_INVALID_DN_SYNTAX, ERR_INTERNAL},
	{LDAP_NAMING_VIOLATION, ERR_INTERNAL},
	{LDAP_SIZELIMIT_EXCEEDED, ERR_INTERNAL},
	{LDAP_REFERRAL, ERR_INTERNAL},
	{LDAP_STRONG_AUTH_REQUIRED, ERR_INTERNAL},
	{12345, ERR_INTERNAL},
	{-1, ERR_INTERNAL},
};

/* What depends on whether it was to be written. */
static const struct {
	enum operation_kind operation;
	int code;
	enum err_kind kind;
	const char *word;
} operations[] = {
	{OPERATION_ADD, LDAP_REFERRAL, ERR_UNAVAILABLE, "read_only"},
	{OPERATION_MODIFY, LDAP_UNWILLING_TO_PERFORM, ERR_UNAVAILABLE,
	 "read_only"},
	/* It may have been done, or not. */
	{OPERATION_DELETE, LDAP_OTHER, ERR_UNKNOWN, "directory_failed"},
	{OPERATION_ADD, LDAP_ALREADY_EXISTS, ERR_EXISTS, NULL},
	{OPERATION_MODIFY, 12345, ERR_INTERNAL, NULL},
	{OPERATION_SEARCH, LDAP_UNWILLING_TO_PERFORM, ERR_UNAVAILABLE,
	 "unavailable"},
	{OPERATION_BIND, LDAP_OTHER, ERR_UNAVAILABLE, "unavailable"},
	{OPERATION_SEARCH, LDAP_REFERRAL, ERR_INTERNAL, NULL},
};

static void by_operation(void)
{
	for (size_t i = 0; i < COUNT(operations); i++) {
		const struct operation op = {.kind = operations[i].operation,
					     .result = operations[i].code};
		struct err e = {0};

		OK(!result_of(&op, "ann@example.org", &e) &&
			   e.kind == operations[i].kind,
		   ldap_err2string(op.result));
		IS(e.code, operations[i].word, "its word");
	}
}

int main(void)
{
	by_operation();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err e = {0};

		OK(!result_failed(&e, cases[i].code, "ann@example.org") &&
			   e.kind == cases[i].kind,
		   ldap_err2string(cases[i].code));
		OK(strncmp(e.text, "ann@example.org: ", 17) == 0,
		   "what was attempted is told");
	}
	return tap_done();
}
