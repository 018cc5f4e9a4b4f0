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
	/* It may have been done, or not. */
	{LDAP_OTHER, ERR_UNKNOWN},
	/* We asked for something we should not have. */
	{LDAP_PROTOCOL_ERROR, ERR_INTERNAL},
	{LDAP_UNDEFINED_TYPE, ERR_INTERNAL},
	{LDAP_INVALID_DN_SYNTAX, ERR_INTERNAL},
	{LDAP_NAMING_VIOLATION, ERR_INTERNAL},
	{LDAP_SIZELIMIT_EXCEEDED, ERR_INTERNAL},
	{12345, ERR_INTERNAL},
	{-1, ERR_INTERNAL},
};

int main(void)
{
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
