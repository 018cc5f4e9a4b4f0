/*
 * login - core/login.h by binding to the directory
 *
 * The directory alone decides whether a password is right and whether its owner
 * may log in at the moment.
 */
#ifndef LDAP_LOGIN_H
#define LDAP_LOGIN_H

#include "core/guess.h"
#include "core/login.h"
#include "core/token.h"
#include "ldap/notices.h"
#include "ldap/session.h"

/* The session's connections must be for nobody, with one operation at a time,
 * because a bind changes whose a connection is; those of the other one are the
 * gateway's.  Without notices nothing is remembered.  All must outlive it. */
struct login *ldap_login_open(struct session *s, struct session *own,
			      const struct ldap_settings *set,
			      struct notices *notices);

/* From now on tokens are taken that this one, which must outlive it, finds
 * good. */
void ldap_login_take_tokens(struct login *l, struct token_verifier *v);

/* From now on attempts are counted there, for all loops together; both must
 * outlive it. */
void ldap_login_limit(struct login *l, struct guess *g,
		      const struct guess_settings *limits);

/* Accepts NULL. */
void ldap_login_close(struct login **l);

#endif
