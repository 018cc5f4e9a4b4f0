/*
 * bearer - logins by tokens of a provider
 *
 * The token says who it is; the directory, whether he may log in.
 */
#ifndef LDAP_BEARER_H
#define LDAP_BEARER_H

#include "core/login.h"
#include "core/token.h"
#include "ldap/memory.h"
#include "ldap/session.h"

struct bearer {
	struct session *own; /* of the gateway */
	const struct ldap_settings *set;
	struct memory *memory;
	struct token_verifier *verifier; /* NULL: none is taken */
};

/* As login_ops.verify(), without the time that a refusal takes.  Why it is
 * refused only the log learns. */
bool bearer_verify(const struct bearer *b, const struct task *t,
		   const struct credential *c, bool fresh,
		   const struct caller **ret, struct err *e);

#endif
